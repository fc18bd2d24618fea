package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listening are the sockets of masters in one network namespace: path by inode.
type listening map[uint64]string

// acceptCon is the flag of a socket that listens: __SO_ACCEPTCON of linux/net.h.
const acceptCon = 0x10000

// readListening reads a table of unix sockets: proc_net_unix(5).
func readListening(table string) listening {
	data, err := readBounded(table, 64<<20)
	if err != nil {
		return nil
	}
	in := listening{}
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimRight(line, "\n"), " ", 8)
		// The inode is padded to five places, so the path is cut off by hand.
		if len(fields) < 7 {
			continue
		}
		flags, err := strconv.ParseUint(fields[3], 16, 32)
		if err != nil || flags&acceptCon == 0 {
			continue
		}
		rest := strings.TrimLeft(strings.Join(fields[6:], " "), " ")
		number, path, _ := strings.Cut(rest, " ")
		inode, err := strconv.ParseUint(number, 10, 64)
		if err == nil && isAdmin(path) {
			in[inode] = path
		}
	}
	return in
}

// holds returns which of the sockets a process has open.
func holds(pid int, in listening) (inodes []uint64) {
	if len(in) == 0 {
		return nil
	}
	dir, err := os.Open(proc(pid, "fd"))
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was read before it ended is used
	for _, name := range names {
		link, err := os.Readlink(filepath.Join(dir.Name(), name))
		if err != nil {
			continue
		}
		number, ok := strings.CutPrefix(link, "socket:[")
		inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
		if _, is := in[inode]; ok && err == nil && is && !slices.Contains(inodes, inode) {
			inodes = append(inodes, inode)
		}
	}
	return inodes
}
