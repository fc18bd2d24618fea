package delta

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// An image is what is known of an executable file.
type image struct {
	sections []imageSection
	bases    []int64 // zero where not known
}

type imageSection struct {
	name            string
	kind            kind
	inFile          bool
	classes         uint64
	record          []byte
	pos, addr, size int64
}

// The bases, in the order of the classes.
const (
	baseZero = iota
	baseText
	baseTypes
	baseFunctions
	basePC
	baseNames
	baseFiles
	baseGofunc
	baseUnits
	baseTable // of functions
	baseCount
)

var scales = [baseCount]int64{1, 1, 1, 1, 1, 1, 1, 1, 4, 8}

// modelOf returns the model of two programs, or nil where they are of no known
// form, or not of the same.
func modelOf(old, new []byte) *model {
	a, b := imageOf(old), imageOf(new)
	if a == nil || b == nil {
		return nil
	}
	m := &model{minCopy: 24}
	for i := range a.bases {
		m.bases = append(m.bases, base{a.bases[i], b.bases[i], scales[i]})
	}
	for _, s := range a.sections {
		for _, t := range b.sections {
			if s.name == t.name && s.kind == t.kind && s.inFile == t.inFile && len(m.ranges) < maxRanges {
				m.ranges = append(m.ranges, addressRange{
					kind: s.kind, inFile: s.inFile, classes: s.classes, record: s.record,
					oldPos: s.pos, oldAddr: s.addr, oldSize: s.size,
					newPos: t.pos, newAddr: t.addr, newSize: t.size,
				})
				break
			}
		}
	}
	if len(m.ranges) == 0 {
		return nil
	}
	return m
}

func imageOf(program []byte) *image {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil
	}
	img := &image{bases: make([]int64, baseCount)}
	var code kind
	switch f.Machine {
	case elf.EM_X86_64:
		code = kindAMD64
	case elf.EM_AARCH64:
		code = kindARM64
	}
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Size == 0 {
			continue
		}
		is := imageSection{name: s.Name, kind: kindWords, inFile: s.Type != elf.SHT_NOBITS, pos: int64(s.Offset), addr: int64(s.Addr), size: int64(s.Size)}
		if is.inFile && (s.Offset > uint64(len(program)) || s.Size > uint64(len(program))-s.Offset) {
			return nil
		}
		if s.Flags&elf.SHF_EXECINSTR != 0 {
			is.kind = code
		}
		is.classes = 1 << baseZero
		img.sections = append(img.sections, is)
	}
	img.goTables(program)
	return img
}

func (img *image) section(name string) *imageSection {
	for i := range img.sections {
		if img.sections[i].name == name {
			return &img.sections[i]
		}
	}
	return nil
}

// goTables finds the tables that the Go linker writes.
func (img *image) goTables(program []byte) {
	le := binary.LittleEndian
	if s := img.section(".text"); s != nil {
		img.bases[baseText] = s.addr
	}
	if s := img.section(".rodata"); s != nil {
		s.classes |= 1<<baseText | 1<<baseTypes
		img.bases[baseTypes] = s.addr
	}
	if s := img.section(".typelink"); s != nil {
		s.kind, s.record = kindTable, []byte{baseTypes}
	}
	if s := img.section(".itablink"); s != nil {
		s.kind, s.record = kindTable, []byte{baseZero, stays}
	}
	var gofunc, find int64
	if s := img.section(".go.module"); s != nil && s.size > 42*8 {
		m := program[s.pos:]
		img.bases[baseText] = int64(le.Uint64(m[22*8:]))
		img.bases[baseTypes] = int64(le.Uint64(m[37*8:]))
		img.bases[baseGofunc] = int64(le.Uint64(m[40*8:]))
		gofunc, find = img.bases[baseGofunc], int64(le.Uint64(m[19*8:]))
	}
	s := img.section(".gopclntab")
	if s == nil || s.size < 72 {
		return
	}
	h := program[s.pos:]
	functions := int64(le.Uint64(h[8:]))
	var at [8]int64 // names, units, files, pc tables, table of functions, functions, their data, table to find them
	for i := range at[:5] {
		at[i] = int64(le.Uint64(h[32+8*i:]))
	}
	at[5] = at[4] + functions*8 + 4
	at[6], at[7] = s.size, s.size
	if gofunc > s.addr && gofunc < s.addr+s.size {
		at[6] = gofunc - s.addr
	}
	if find > s.addr && find < s.addr+s.size {
		at[7] = find - s.addr
	}
	for i := range at {
		if at[i] < 0 || at[i] > s.size || i > 0 && at[i] < at[i-1] {
			return
		}
	}
	for i, k := range []int{baseNames, baseUnits, baseFiles, basePC, baseFunctions} {
		img.bases[k] = s.addr + at[i]
	}
	img.bases[baseTable] = s.addr + at[4]
	whole := *s
	part := func(name string, from, to int64, k kind, classes uint64, record ...byte) {
		p := whole
		p.name, p.kind, p.classes, p.record = name, k, classes, record
		p.pos, p.addr, p.size = whole.pos+from, whole.addr+from, to-from
		if p.size > 0 {
			img.sections = append(img.sections, p)
		}
	}
	s.size, s.kind = at[0], kindPlain
	part("pclntab names", at[0], at[1], kindPlain, 0)
	part("pclntab units", at[1], at[2], kindTable, 0, baseFiles)
	part("pclntab files", at[2], at[3], kindPlain, 0)
	part("pclntab pc", at[3], at[4], kindPlain, 0)
	part("pclntab table", at[4], at[5], kindTable, 0, baseText, baseFunctions)
	first := (at[5]-at[4]+functionAlign-1)/functionAlign*functionAlign + at[4]
	part("pclntab functions", first, at[6], kindFunctions, 0)
	part("pclntab data", at[6], at[7], kindWords, 1<<baseNames)
	part("pclntab find", at[7], whole.size, kindTable, 0, baseTable, stays, stays, stays, stays)
}
