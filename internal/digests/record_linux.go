package digests

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/internal/durable"
	"golang.org/x/sys/unix"
)

// maxRecord bounds what is read of a record, in bytes.
const maxRecord = 64 << 10

// recordVersion is the only one that is believed: another one's is forgotten.
const recordVersion = 1

type record struct {
	Version int     `json:"version"`
	Boot    string  `json:"boot"` // the start of the machine in which it holds
	Files   []found `json:"files"`
}

// boot is this start of the machine, random(4); empty: nothing is remembered.
func boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// load returns what the record has; nothing where it is not to be believed.
func (m *Memory) load() []found {
	if m.path == "" {
		return nil
	}
	f, err := os.OpenFile(m.path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close() // only read
	if !private(f) {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	if err != nil {
		return nil
	}
	return parse(text, boot())
}

// private reports whether a file is this user's alone.
func private(f *os.File) (is bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	raw.Control(func(fd uintptr) {
		var st unix.Stat_t
		is = unix.Fstat(int(fd), &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG &&
			int(st.Uid) == os.Geteuid() && st.Mode&0o077 == 0
	})
	return is
}

// parse returns what a record says of this boot.
func parse(text []byte, boot string) []found {
	var r record
	switch {
	case len(text) > maxRecord, json.Unmarshal(text, &r) != nil:
		return nil
	case r.Version != recordVersion, boot == "", r.Boot != boot, len(r.Files) > kept:
		return nil
	}
	return slices.DeleteFunc(r.Files, func(f found) bool { return !f.Sums.valid() })
}

func (m *Memory) save() error {
	text, err := json.Marshal(record{Version: recordVersion, Boot: boot(), Files: m.files})
	if err != nil {
		return fmt.Errorf("write down the digests of binaries: %w", err)
	}
	temp := durable.Temp(m.path)
	err = os.WriteFile(temp, text, 0o600)
	if err == nil {
		err = os.Rename(temp, m.path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("write down the digests of binaries: %w", err)
	}
	return nil
}
