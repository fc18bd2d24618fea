package update

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// machines are the processors of the ports of Go to Linux; others are left to
// the kernel's own judgement.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"loong64": elf.EM_LOONGARCH, "mips": elf.EM_MIPS, "mipsle": elf.EM_MIPS, "mips64": elf.EM_MIPS,
	"mips64le": elf.EM_MIPS, "ppc64": elf.EM_PPC64, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// lookAt tells the commonest mistakes before anything is run, and in words: a
// file that is no program, one for another machine, one that was cut short.
func lookAt(f *os.File, size int64) error {
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil || string(magic[:]) != elf.ELFMAG {
		return fmt.Errorf("the file is no program: it does not begin as an ELF file does (an archive, a page of an error?)")
	}
	program, err := elf.NewFile(f)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the program was cut short: its file has %d bytes and names parts beyond them", size)
	case err != nil:
		return fmt.Errorf("the file is no whole program: %w", err)
	}
	if want, ok := machines[runtime.GOARCH]; ok && program.Machine != want {
		return fmt.Errorf("the program is built for another machine: its file says %v, this host is linux/%s", program.Machine, runtime.GOARCH)
	}
	for _, p := range program.Progs {
		if p.Off+p.Filesz > uint64(size) {
			return fmt.Errorf("the program was cut short: its file has %d bytes and names parts up to %d", size, p.Off+p.Filesz)
		}
	}
	return nil
}
