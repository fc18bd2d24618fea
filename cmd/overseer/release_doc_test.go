//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const publishing = "../../docs/publishing.md"

var block = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// The shell blocks of the document are run as they stand, one after another, in
// one directory, with the real command. Only that keygen is told to make keys
// without a password, as using one takes seconds each time.
func TestPublishingDocument(t *testing.T) {
	if _, err := exec.LookPath("minisign"); err != nil && os.Getenv("CI") == "" {
		t.Skip("the command minisign is not installed: apt-get install minisign")
	}
	text, err := os.ReadFile(publishing)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, dir: t.TempDir()}
	bin := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\n[ \"$2\" = keygen ] && set -- \"$@\" --no-password\n%s=1 exec %q \"$@\"\n", asCommand, self)
	if err := os.WriteFile(filepath.Join(bin, "overseer"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"} {
		dir := filepath.Join("build", version)
		if err := os.MkdirAll(filepath.Join(b.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		b.programFor(machineAMD64, filepath.Join(dir, "app-linux-amd64"), version)
		b.programFor(machineARM64, filepath.Join(dir, "app-linux-arm64"), version)
	}
	ran := 0
	for _, part := range block.FindAllStringSubmatch(string(text), -1) {
		if part[1] != "sh" {
			continue
		}
		ran++
		c := exec.CommandContext(t.Context(), "sh", "-e", "-u", "-x", "-c", part[2])
		c.Dir = b.dir
		c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%s\n%v", part[2], out, err)
		}
	}
	if ran < 15 {
		t.Errorf("%d shell blocks were run; the document has more", ran)
	}
}

// Each command that the document names exists, and has the flags it is given.
func TestPublishingDocumentNamesCommands(t *testing.T) {
	text, err := os.ReadFile(publishing)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, part := range block.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(part[2]) {
			_, args, ok := strings.Cut(line, "overseer release ")
			if !ok {
				continue
			}
			found++
			c, rest, ok := findRelease(strings.Fields(args))
			if !ok {
				t.Errorf("there is no such command: %s", line)
				continue
			}
			k := newCall(c)
			c.setup(k)
			if err := k.parse(rest); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if found < 30 {
		t.Errorf("%d commands were found", found)
	}
}
