//go:build unix

package socket

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// received is what a worker has after SCM_RIGHTS: a copy of its own.
func received(t *testing.T, s *Socket) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(s.FD(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "received")
}

func TestFileListener(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	for _, row := range []struct{ spec, network, dial string }{
		{"127.0.0.1:0", "tcp", ""},
		{"unix://" + path, "unix", path},
	} {
		t.Run(row.network, func(t *testing.T) {
			s := listen(t, row.spec)
			target := row.dial
			if target == "" {
				target = s.Address()
			}
			for range 3 { // one generation after the other
				f := received(t, s)
				ln, err := FileListener(s.Network(), f)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
					t.Errorf("the file that was taken over is open: %v", err)
				}
				if got := ln.Addr().String(); got != target {
					t.Errorf("the listener's address is %q; want %q", got, target)
				}
				checkFlags(t, s.FD())
				accepts(t, ln, target)
				if err := ln.Close(); err != nil {
					t.Fatal(err)
				}
				checkFlags(t, s.FD())
				dial(t, row.network, target) // the master's copy still listens
			}
		})
	}
}

func TestFileListenerOutlivesTheMaster(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	ln, err := FileListener("tcp", received(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	accepts(t, ln, s.Address())
}

func accepts(t *testing.T, ln net.Listener, target string) {
	t.Helper()
	client, err := net.Dial(ln.Addr().Network(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		t.Errorf("accepted a %T; want the kernel's own connection", conn)
	}
}

func TestFilePacketConn(t *testing.T) {
	s := listen(t, "udp4://127.0.0.1:0")
	for range 2 {
		conn, err := FilePacketConn(s.Network(), received(t, s))
		if err != nil {
			t.Fatal(err)
		}
		client, err := net.Dial("udp4", conn.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 16)
		if n, _, err := conn.ReadFrom(buf); err != nil || string(buf[:n]) != "hello" {
			t.Fatalf("read %q, %v", buf[:n], err)
		}
		client.Close()
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		checkFlags(t, s.FD())
	}
}

func TestRebuildRefuses(t *testing.T) {
	before := openFDs(t)
	regular := func(t *testing.T) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	socketOf := func(spec string) func(t *testing.T) *os.File {
		return func(t *testing.T) *os.File {
			s := listen(t, spec)
			defer discard(t, s)
			return received(t, s)
		}
	}
	for _, row := range []struct {
		name, network, want string
		file                func(t *testing.T) *os.File
	}{
		{"no file", "tcp", "invalid argument", func(*testing.T) *os.File { return nil }},
		{"regular file", "tcp", "socket", regular},
		{"tcp for unix", "unix", "the descriptor is a tcp socket", socketOf("127.0.0.1:0")},
		{"udp for tcp", "tcp", "rebuild tcp listener", socketOf("udp://127.0.0.1:0")},
		{"tcp for udp", "udp", "rebuild udp socket", socketOf("127.0.0.1:0")},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := row.file(t)
			var err error
			if row.network == "udp" {
				_, err = FilePacketConn(row.network, f)
			} else {
				_, err = FileListener(row.network, f)
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v; want %q in it", err, row.want)
			}
		})
	}
	if after := openFDs(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestAdoptTCP(t *testing.T) {
	old := listen(t, "127.0.0.1:0")
	f := received(t, old)
	defer f.Close()
	fd, err := detach(f)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Adopt(uintptr(fd), Record{Spec: old.Address(), Network: "tcp"})
	if err != nil {
		t.Fatal(err)
	}
	discard(t, old)
	dial(t, "tcp", s.Address())
	discard(t, s)
}

func TestAdopt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	old := listen(t, "unix://"+path+"?mode=0600")
	fd, err := unix.Dup(int(old.FD())) // as execve leaves it: not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	s, err := Adopt(uintptr(fd), old.Record())
	if err != nil {
		t.Fatal(err)
	}
	checkFlags(t, s.FD())
	if s.Record() != old.Record() || s.Address() != old.Address() {
		t.Errorf("adopted %+v; want %+v", s.Record(), old.Record())
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	dial(t, "unix", path)
	discard(t, s)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the adopted socket did not remove its path: %v", err)
	}
}

func TestAdoptRefuses(t *testing.T) {
	udp := listen(t, "udp://127.0.0.1:0")
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	for _, row := range []struct {
		name, want string
		fd         uintptr
	}{
		{"closed", "bad file descriptor", ^uintptr(0)},
		{"packet", "no stream socket", udp.FD()},
		{"connection", "does not listen", uintptr(pair[0])},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := Adopt(row.fd, Record{Spec: ":80", Network: "tcp"})
			if err == nil || s != nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("Adopt = %v, %v; want an error with %q", s, err, row.want)
			}
		})
	}
}
