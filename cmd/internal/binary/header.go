package binary

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"io"
)

// readELF returns empty names for what it does not know, as the others do.
func readELF(r io.ReaderAt) (goos, goarch string) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", ""
	}
	switch f.OSABI {
	case elf.ELFOSABI_NONE, elf.ELFOSABI_LINUX: // most tools leave it at none
		goos = "linux"
	case elf.ELFOSABI_FREEBSD:
		goos = "freebsd"
	case elf.ELFOSABI_NETBSD:
		goos = "netbsd"
	case elf.ELFOSABI_OPENBSD:
		goos = "openbsd"
	case elf.ELFOSABI_SOLARIS:
		goos = "solaris"
	}
	little, wide := f.ByteOrder == binary.LittleEndian, f.Class == elf.ELFCLASS64
	switch f.Machine {
	case elf.EM_X86_64:
		goarch = "amd64"
	case elf.EM_386:
		goarch = "386"
	case elf.EM_AARCH64:
		goarch = "arm64"
	case elf.EM_ARM:
		goarch = "arm"
	case elf.EM_PPC64:
		goarch = ending("ppc64", little)
	case elf.EM_S390:
		goarch = "s390x"
	case elf.EM_LOONGARCH:
		goarch = "loong64"
	case elf.EM_RISCV:
		if wide {
			goarch = "riscv64"
		}
	case elf.EM_MIPS:
		goarch = "mips"
		if wide {
			goarch = "mips64"
		}
		goarch = ending(goarch, little)
	}
	return goos, goarch
}

func ending(arch string, little bool) string {
	if little {
		return arch + "le"
	}
	return arch
}

func readMachO(r io.ReaderAt) (goos, goarch string) {
	f, err := macho.NewFile(r)
	if err != nil {
		return "", ""
	}
	switch f.Cpu {
	case macho.CpuAmd64:
		return "darwin", "amd64"
	case macho.CpuArm64:
		return "darwin", "arm64"
	}
	return "", ""
}

func readPE(r io.ReaderAt) (goos, goarch string) {
	f, err := pe.NewFile(r)
	if err != nil {
		return "", ""
	}
	switch f.Machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return "windows", "amd64"
	case pe.IMAGE_FILE_MACHINE_I386:
		return "windows", "386"
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return "windows", "arm64"
	}
	return "", ""
}
