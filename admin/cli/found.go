package cli

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A found is a socket that a master may be at.
type found struct {
	path   string // by which it is reached from here
	socket string // as its master names it
	pid    int    // of the master; 0: not known

	status admin.Status
	err    error // why there is no status
}

// A lostError says that what is meant was not found, or not told apart.
type lostError struct {
	message string
	all     []found // that may be meant; empty: none is
}

func (e *lostError) Error() string { return e.message }

// askTimeout bounds how long masters have to say who they are. Tests change it.
var askTimeout = 3 * time.Second

// ask has all masters say who they are, at the same time.
func ask(ctx context.Context, all []found) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var group sync.WaitGroup
	for i := range all {
		f := &all[i]
		group.Go(func() {
			path, done, err := reach(f.path)
			if err != nil {
				f.err = err
				return
			}
			defer done()
			f.status, f.err = admin.Dial(path).Status(ctx)
		})
	}
	group.Wait()
}

// name is what the program of a master is called, as far as it is known.
func (f found) name() string {
	if f.status.Name != "" {
		return f.status.Name
	}
	if name := nameIn(filepath.Base(f.socket)); name != "" {
		return name
	}
	dir := filepath.Base(filepath.Dir(f.socket))
	return strings.TrimSuffix(strings.TrimPrefix(dir, "."), ".overseer")
}

// isAdmin reports whether a path is that of a master's socket: admin.sock or
// admin-NUMBER.sock in a state directory, admin-NAME-NUMBER.sock in one for
// sockets; see Config.Admin.
func isAdmin(path string) bool {
	base := filepath.Base(path)
	middle, ok := strings.CutPrefix(base, "admin-")
	middle, end := strings.CutSuffix(middle, ".sock")
	_, err := strconv.ParseUint(middle[strings.LastIndexByte(middle, '-')+1:], 10, 31)
	return base == "admin.sock" || ok && end && err == nil
}

// nameIn is the program's name in that of a socket; empty: there is none.
func nameIn(base string) string {
	middle := strings.TrimSuffix(strings.TrimPrefix(base, "admin-"), ".sock")
	if i := strings.LastIndexByte(middle, '-'); i > 0 {
		return middle[:i]
	}
	return ""
}

// is reports whether a master runs the program of that name or path.
func (f found) is(name string) bool {
	if strings.ContainsRune(name, filepath.Separator) {
		abs, err := filepath.Abs(name)
		if err != nil {
			return false
		}
		real, _ := filepath.EvalSymlinks(abs) // empty where it is not there; that is nobody's binary
		return f.status.Binary == abs || f.status.Binary != "" && f.status.Binary == real
	}
	return f.name() == name || f.status.Binary != "" && filepath.Base(f.status.Binary) == name
}

// stranger reports whether a socket is one that this user has nothing to do with:
// of another user, or of another program. One that does not answer in time is none.
func stranger(f found) bool { return f.err != nil && ExitCode(f.err) != ExitTimeout }

// dead reports whether nobody is behind a socket.
func dead(f found) bool {
	return f.err != nil && ExitCode(f.err) == ExitNotFound && !errors.Is(f.err, admin.ErrNotFound)
}

// readFull reads until buf is full or the end.
func readFull(r io.Reader, buf []byte) (int, error) {
	n, err := io.ReadFull(r, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}
