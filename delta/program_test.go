package delta_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// A small program by hand: code with calls and with references to data, and a
// table of pointers to the code.
func elfProgram(t testing.TB, machine elf.Machine, inserted int) []byte {
	t.Helper()
	le := binary.LittleEndian
	const base = 0x400000
	const calls = 300
	data := make([]byte, 0, 16*calls)
	var starts []int
	var text []byte
	for i := range calls {
		if i == calls/2 {
			text = append(text, noise(uint64(inserted), inserted)...)
		}
		starts = append(starts, len(text))
		text = append(text, noise(uint64(i)+100, 20)...)
		switch machine {
		case elf.EM_X86_64:
			text = append(text, 0xe8, 0, 0, 0, 0, 0x48, 0x8b, 0x05, 0, 0, 0, 0)
		case elf.EM_AARCH64:
			text = le.AppendUint32(text, 0x94000000)
		}
	}
	for len(text)%16 != 0 {
		text = append(text, 0)
	}
	at := 0x1000
	dataAt := at + len(text)
	for i, start := range starts {
		end := start + 20
		target := starts[(i*7+3)%calls]
		switch machine {
		case elf.EM_X86_64:
			le.PutUint32(text[end+1:], uint32(target-end-5))
			le.PutUint32(text[end+8:], uint32(dataAt+8*i-(at+end+12)))
		case elf.EM_AARCH64:
			le.PutUint32(text[end:], 0x94000000|uint32((target-end)>>2)&0x3ffffff)
		}
		data = le.AppendUint64(data, uint64(base+at+target))
	}
	names := "\x00.text\x00.data\x00.shstrtab\x00"
	out := make([]byte, at)
	out = append(append(append(out, text...), data...), names...)
	for len(out)%8 != 0 {
		out = append(out, 0)
	}
	var head bytes.Buffer
	binary.Write(&head, le, elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: 1, Shoff: uint64(len(out)),
		Ehsize: 64, Shentsize: 64, Shnum: 4, Shstrndx: 3,
	})
	copy(out, head.Bytes())
	var sections bytes.Buffer
	binary.Write(&sections, le, []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Addr: uint64(base + at), Off: uint64(at), Size: uint64(len(text))},
		{Name: 7, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Addr: uint64(base + dataAt), Off: uint64(dataAt), Size: uint64(len(data))},
		{Name: 13, Type: uint32(elf.SHT_STRTAB), Off: uint64(dataAt + len(data)), Size: uint64(len(names))},
	})
	return append(out, sections.Bytes()...)
}

// programs are pairs with code, small enough for a fuzz target.
func programs(t testing.TB) []pair {
	return []pair{
		{"amd64", elfProgram(t, elf.EM_X86_64, 0), elfProgram(t, elf.EM_X86_64, 64)},
		{"arm64", elfProgram(t, elf.EM_AARCH64, 0), elfProgram(t, elf.EM_AARCH64, 64)},
	}
}

// Where code moved, the references to it cost nothing.
func TestProgramsMove(t *testing.T) {
	for _, p := range programs(t) {
		patch := diff(t, p.old, p.new)
		got, err := apply(p.old, patch, int64(len(p.new)))
		if err != nil || !bytes.Equal(got, p.new) {
			t.Errorf("%s: got %d bytes and error %v, want the %d of the new program", p.name, len(got), err, len(p.new))
		}
		t.Logf("%s: %d references in a program of %d bytes, a patch of %d", p.name, 600, len(p.new), len(patch))
		if len(patch) > 800 {
			t.Errorf("%s: 64 bytes were inserted in a program of %d, and the patch has %d; want 800 at most", p.name, len(p.new), len(patch))
		}
	}
}
