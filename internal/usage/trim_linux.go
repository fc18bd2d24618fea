package usage

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func trim() error {
	all, err := ownMappings()
	if err != nil {
		return err
	}
	for _, m := range trimmed(all) {
		if err := m.giveBack(); err != nil {
			return fmt.Errorf("give back pages of the program's file: %w", err)
		}
	}
	return nil
}

func ownMappings() ([]mapping, error) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	return readMappings(f)
}

// trimmed returns the code, and the constants. A function lies in the one, and a
// type among the others. With a linker that puts these into memory that is written
// to at the start, as of position-independent programs, only the code is left.
func trimmed(all []mapping) (some []mapping) {
	code, constant := reflect.ValueOf(Trim).Pointer(), reflect.ValueOf(reflect.TypeFor[Usage]()).Pointer()
	for _, m := range all {
		if m.clean && (m.holds(code) || m.holds(constant)) {
			some = append(some, m)
		}
	}
	return some
}

// A mapping is one of a process's, see proc_pid_smaps(5).
type mapping struct {
	start, end uintptr
	resident   int64 // KiB
	clean      bool  // each page is as it is in a file, and may go
}

func (m mapping) giveBack() error {
	_, _, errno := unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
	if errno != 0 {
		return os.NewSyscallError("madvise", errno)
	}
	return nil
}

func (m mapping) holds(address uintptr) bool { return m.start <= address && address < m.end }

// readMappings reads smaps: a line for each mapping, and then one for each number.
func readMappings(r io.Reader) (all []mapping, err error) {
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return all, lines.Err()
		}
		name, rest, ok := bytes.Cut(lines.Bytes(), []byte(" "))
		if !ok {
			continue
		}
		if !bytes.HasSuffix(name, []byte(":")) {
			m, err := readMapping(string(name), strings.Fields(string(rest)))
			if err != nil {
				return nil, err
			}
			all = append(all, m)
			continue
		}
		if len(all) == 0 {
			continue
		}
		m := &all[len(all)-1]
		number, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
		switch string(name) {
		case "Rss:":
			m.resident, _ = strconv.ParseInt(string(number), 10, 64)
		case "Anonymous:", "Swap:", "Locked:": // dirty is also what was just written to the file
			m.clean = m.clean && string(number) == "0"
		}
	}
}

// readMapping reads a line as
//
//	00400000-0093b000 r-xp 00000000 fd:00 9979398 /usr/bin/app
func readMapping(span string, rest []string) (m mapping, err error) {
	start, end, _ := strings.Cut(span, "-")
	from, err := strconv.ParseUint(start, 16, strconv.IntSize)
	if err != nil {
		return m, fmt.Errorf("read smaps: %w", err)
	}
	to, err := strconv.ParseUint(end, 16, strconv.IntSize)
	if err != nil {
		return m, fmt.Errorf("read smaps: %w", err)
	}
	m.start, m.end = uintptr(from), uintptr(to)
	m.clean = len(rest) > 3 && rest[0][1] == '-' && rest[0][3] == 'p' && rest[3] != "0"
	return m, nil
}
