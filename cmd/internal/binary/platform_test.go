package binary_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	platform "github.com/seed-3d078585/overseer/cmd/internal/binary"
)

// Headers without anything behind them, as the formats have them: elf(5),
// <mach-o/loader.h>, the PE format specification.
func elfHeader(class, data, osabi byte, machine uint16) []byte {
	h := make([]byte, 64)
	copy(h, []byte{0x7f, 'E', 'L', 'F', class, data, 1, osabi})
	var order binary.ByteOrder = binary.LittleEndian
	if data == 2 {
		order = binary.BigEndian
	}
	order.PutUint16(h[16:], 2) // executable
	order.PutUint16(h[18:], machine)
	order.PutUint32(h[20:], 1)
	if class == 1 {
		order.PutUint16(h[40:], 52)
		order.PutUint16(h[42:], 32)
		order.PutUint16(h[46:], 40)
		return h
	}
	order.PutUint16(h[52:], 64)
	order.PutUint16(h[54:], 56)
	order.PutUint16(h[58:], 64)
	return h
}

func machoHeader(cpu uint32) []byte {
	h := make([]byte, 32)
	binary.LittleEndian.PutUint32(h, 0xfeedfacf)
	binary.LittleEndian.PutUint32(h[4:], cpu)
	binary.LittleEndian.PutUint32(h[12:], 2)
	return h
}

func peHeader(machine uint16) []byte {
	h := make([]byte, 256)
	copy(h, "MZ")
	h[0x3c] = 0x80
	copy(h[0x80:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(h[0x84:], machine)
	return h
}

func TestPlatform(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		data []byte
		want string
	}{
		{"this test", own, runtime.GOOS + "/" + runtime.GOARCH},
		{"amd64", elfHeader(2, 1, 0, 62), "linux/amd64"},
		{"386", elfHeader(1, 1, 0, 3), "linux/386"},
		{"arm64", elfHeader(2, 1, 0, 183), "linux/arm64"},
		{"arm", elfHeader(1, 1, 0, 40), "linux/arm"},
		{"riscv64", elfHeader(2, 1, 0, 243), "linux/riscv64"},
		{"ppc64le", elfHeader(2, 1, 0, 21), "linux/ppc64le"},
		{"ppc64", elfHeader(2, 2, 0, 21), "linux/ppc64"},
		{"s390x", elfHeader(2, 2, 0, 22), "linux/s390x"},
		{"mips64le", elfHeader(2, 1, 0, 8), "linux/mips64le"},
		{"mips", elfHeader(1, 2, 0, 8), "linux/mips"},
		{"loong64", elfHeader(2, 1, 0, 258), "linux/loong64"},
		{"freebsd", elfHeader(2, 1, 9, 62), "freebsd/amd64"},
		{"openbsd", elfHeader(2, 1, 12, 183), "openbsd/arm64"},
		{"netbsd", elfHeader(2, 1, 2, 62), "netbsd/amd64"},
		{"macOS on Intel", machoHeader(0x01000007), "darwin/amd64"},
		{"macOS on ARM", machoHeader(0x0100000c), "darwin/arm64"},
		{"windows", peHeader(0x8664), "windows/amd64"},
		{"windows on ARM", peHeader(0xaa64), "windows/arm64"},
		{"windows, 32 bits", peHeader(0x14c), "windows/386"},
		{"a script", []byte("#!/bin/sh\n"), ""},
		{"another machine", elfHeader(2, 1, 0, 9999), ""},
		{"cut", elfHeader(2, 1, 0, 62)[:20], ""},
		{"nothing", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app")
			if err := os.WriteFile(path, row.data, 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := platform.Platform(path)
			if got != row.want || errors.Is(err, platform.ErrUnknown) != (row.want == "") {
				t.Errorf("Platform = %q, %v; want %q", got, err, row.want)
			}
		})
	}
	if _, err := platform.Platform(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
