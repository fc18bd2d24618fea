package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// masters returns the sockets of all masters that this user can see: each process
// that has a listening socket called admin.sock, in whatever namespaces it is.
// Those of other users are seen only where the path can be reached.
func masters(ctx context.Context) ([]found, error) {
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	read := map[string]listening{} // by network namespace
	taken := map[uint64]int{}      // index in all by inode
	var all []found
	for _, pid := range pids {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look for masters: %w", ctx.Err())
		}
		ns, err := os.Readlink(proc(pid, "ns/net"))
		if err != nil {
			continue // of another user, or gone
		}
		in, ok := read[ns]
		if !ok {
			in = readListening(proc(pid, "net/unix"))
			read[ns] = in
		}
		for _, inode := range holds(pid, in) {
			f := found{path: in[inode], socket: in[inode], pid: pid}
			f.path = f.seen()
			if i, again := taken[inode]; !again {
				taken[inode] = len(all)
				all = append(all, f)
			} else if line, err := ancestors(all[i].pid); err == nil && slices.Contains(line, pid) {
				all[i] = f // a child that has not closed it yet was seen first
			}
		}
	}
	for inode, path := range readListening("/proc/net/unix") { // whose process cannot be looked at
		if _, ok := taken[inode]; !ok && filepath.IsAbs(path) {
			all = append(all, found{path: path, socket: path})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return strings.Compare(a.socket, b.socket) })
	return all, nil
}

func proc(pid int, rest string) string { return "/proc/" + strconv.Itoa(pid) + "/" + rest }

// processes returns the numbers of all processes, in their order.
func processes() ([]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for masters: %w; --socket needs no /proc", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("look for masters: %w", err)
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// seen is the path by which the socket of a process is reached from here: the
// process may have another root, and have given its path from where it was. A path
// that leads to the same from here is taken as it is: it outlives the process.
func (f found) seen() string {
	switch {
	case strings.HasPrefix(f.socket, "/proc/self/"):
		return proc(f.pid, strings.TrimPrefix(f.socket, "/proc/self/"))
	case filepath.IsAbs(f.socket):
		if theirs := proc(f.pid, "root") + f.socket; !same(f.socket, theirs) {
			return theirs
		}
		return f.socket
	}
	return proc(f.pid, "cwd/") + f.socket
}

// same reports whether our path leads to the file that theirs does. A process that
// is being replaced cannot be looked into for a moment; then ours will do.
func same(ours, theirs string) bool {
	x, err := os.Stat(ours)
	if err != nil {
		return false
	}
	y, err := os.Stat(theirs)
	return err != nil || os.SameFile(x, y)
}

// ancestors returns a process, its parent, and so on: proc_pid_stat(5).
func ancestors(pid int) (line []int, err error) {
	for pid > 0 && len(line) < 1000 {
		data, err := os.ReadFile(proc(pid, "stat"))
		if err != nil {
			if len(line) == 0 {
				return nil, err
			}
			return line, nil
		}
		line = append(line, pid)
		_, rest, _ := strings.Cut(string(data[bytes.LastIndexByte(data, ')')+1:]), " ")
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			return line, errors.New("no parent")
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil {
			return line, err
		}
	}
	return line, nil
}

// reach returns a short path to a socket: unix(7) has 108 bytes for one. done
// ends it.
func reach(path string) (short string, done func(), err error) {
	if len(path) < 100 {
		return path, func() {}, nil
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", nil, &os.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", fd, filepath.Base(path)), func() { unix.Close(fd) }, nil
}

// pidOf is the number of a master as it is seen from here; 0 where that is not
// known. Its socket was named, and it may be in another namespace: so the process
// of its own number counts where it holds that socket.
func (k *Call) pidOf(pid int, socket string) int {
	for inode, path := range readListening("/proc/net/unix") {
		if path == socket && slices.Contains(holds(pid, listening{inode: path}), inode) {
			return pid
		}
	}
	return 0
}
