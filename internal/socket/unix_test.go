//go:build unix

package socket

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const holdEnv = "SOCKET_TEST_HOLD"

// TestMain makes the test binary the child that holds a socket until it is
// killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		hold(path)
	}
	os.Exit(m.Run())
}

func hold(path string) {
	ln, err := net.Listen("unix", path)
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("holding\n")
	os.Stdin.Read(make([]byte, 1)) // EOF when the test is gone
	ln.Close()
	os.Exit(0)
}

// holder starts the child and returns the function that kills it.
func holder(t *testing.T, path string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+path, "GORACE=atexit_sleep_ms=0")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		cmd.Process.Kill()
		stdin.Close()
		cmd.Wait()
	})
	t.Cleanup(kill)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "holding\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return kill
}

func TestStaleSocketOfAKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	kill := holder(t, path)
	a := parsed(t, "unix://"+path)
	if _, err := Listen(t.Context(), []Address{a}, Options{Retry: -1}); !errors.Is(err, ErrInUse) {
		t.Fatalf("while the child lives: %v; want ErrInUse", err)
	}
	dial(t, "unix", path)
	kill()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("the child left nothing stale: %v", err)
	}
	listen(t, a.Spec)
	dial(t, "unix", path)
}

func TestOnlyADeadSocketIsRemoved(t *testing.T) {
	for _, row := range []struct {
		name, want string
		inUse      bool
		make       func(t *testing.T, path string)
	}{
		{"regular file", "regular file", false, func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"directory", "directory", false, func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"symbolic link to a dead socket", "symbolic link", false, func(t *testing.T, path string) {
			dead := listen(t, "unix://"+path+".dead")
			if err := dead.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path+".dead", path); err != nil {
				t.Fatal(err)
			}
		}},
		{"live socket", "a process answers", true, func(t *testing.T, path string) { listen(t, "unix://"+path) }},
		{"datagram socket", "not known to be dead", true, func(t *testing.T, path string) {
			conn, err := net.ListenPacket("unixgram", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			row.make(t, path)
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Listen(t.Context(), []Address{parsed(t, "unix://"+path)}, Options{Retry: -1})
			if err == nil || !strings.Contains(err.Error(), row.want) || errors.Is(err, ErrInUse) != row.inUse {
				t.Errorf("Listen: %v; want %q, in use %v", err, row.want, row.inUse)
			}
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("%v was there, and now %v, %v", before, after, err)
			}
		})
	}
}

// A busy server must not be taken for a dead one.
func TestFullQueueIsAlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	listen(t, "unix://"+path)
	a := parsed(t, "unix://"+path)
	var conns []net.Conn
	t.Cleanup(func() {
		for _, c := range conns {
			c.Close()
		}
	})
	for {
		conn, err := net.Dial("unix", path)
		if errors.Is(err, syscall.EAGAIN) {
			break
		}
		if err != nil || len(conns) > 10000 {
			t.Skipf("the queue of this system does not fill: %v after %d", err, len(conns))
		}
		conns = append(conns, conn)
	}
	if _, err := Listen(t.Context(), []Address{a}, Options{Retry: -1}); !errors.Is(err, ErrInUse) {
		t.Fatalf("Listen: %v; want ErrInUse", err)
	}
}

func TestUnixMode(t *testing.T) {
	for _, row := range []struct {
		name, query string
		umask       int
		want        fs.FileMode
	}{
		{"umask decides", "", 0o077, 0o700},
		{"narrower than the umask", "?mode=0600", 0, 0o600},
		{"wider than the umask", "?mode=0666", 0o077, 0o666},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.sock")
			defer syscall.Umask(syscall.Umask(row.umask))
			listen(t, "unix://"+path+row.query)
			if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != row.want {
				t.Fatalf("%v, %v; want mode %v", info.Mode(), err, row.want)
			}
			dial(t, "unix", path)
		})
	}
}

// The file is narrow when bind makes it, before any chmod.
func TestUnixModeHasNoWindow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	defer syscall.Umask(syscall.Umask(0))
	ln, err := listenMode(t.Context(), path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm()&^0o600 != 0 {
		t.Fatalf("%v, %v; want nothing beyond 0600", info.Mode(), err)
	}
}

func TestUnlink(t *testing.T) {
	t.Run("its own", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.sock")
		s := listen(t, "unix://"+path)
		for range 2 { // the second finds nothing to do
			if err := s.Unlink(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("Lstat: %v; want it gone", err)
		}
	})
	t.Run("another socket", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.sock")
		s := listen(t, "unix://"+path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		listen(t, "unix://"+path)
		if err := s.Unlink(); err != nil {
			t.Fatal(err)
		}
		dial(t, "unix", path)
	})
	t.Run("directory gone", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s := listen(t, "unix://"+dir+"/a.sock")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := s.Unlink(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("not by Close", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.sock")
		if err := listen(t, "unix://"+path).Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Fatal(err)
		}
	})
}

// Of many that meet one stale socket, one binds, and it can be reached.
func TestRaceForAStaleSocket(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "a.sock")
		if err := listen(t, "unix://"+path).Close(); err != nil {
			t.Fatal(err)
		}
		a := parsed(t, "unix://"+path)
		var group sync.WaitGroup
		results := make([]net.Listener, 8)
		errs := make([]error, len(results))
		for i := range results {
			group.Go(func() { results[i], errs[i] = DirectListener(t.Context(), a) })
		}
		group.Wait()
		won := 0
		for i, ln := range results {
			if ln != nil {
				won++
				dial(t, "unix", path)
				defer ln.Close()
			} else if !errors.Is(errs[i], ErrInUse) {
				t.Errorf("a loser got %v; want ErrInUse", errs[i])
			}
		}
		if won != 1 {
			t.Fatalf("%d of %d bound %q; want 1", won, len(results), path)
		}
	}
}

func TestDirectUnixListener(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	testDirectListener(t, "unix://"+path)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Close left the path behind: %v", err)
	}
}

func TestDirectoryLock(t *testing.T) {
	dir := t.TempDir()
	lock, err := lockDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Listen(ctx, []Address{parsed(t, "unix://"+dir+"/a.sock")}, Options{})
	if !errors.Is(err, ErrInUse) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "locked") {
		t.Fatalf("Listen: %v; want one that names the lock, and matches ErrInUse and context.Canceled", err)
	}
	lock.release()
	listen(t, "unix://"+dir+"/a.sock")
}

func TestMissingDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "a.sock")
	_, err := Listen(t.Context(), []Address{parsed(t, "unix://"+path)}, Options{})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), filepath.Dir(path)) {
		t.Fatalf("Listen: %v; want one that names the directory", err)
	}
}

func TestAbstractSocket(t *testing.T) {
	if !hasAbstract {
		t.Skip("abstract names exist on Linux only")
	}
	name := "@overseer-" + filepath.Base(t.TempDir()) + "-" + strings.ReplaceAll(t.TempDir(), "/", "-")
	s := listen(t, "unix://"+name)
	dial(t, "unix", name)
	if _, err := Listen(t.Context(), []Address{parsed(t, "unix://"+name)}, Options{Retry: -1}); !errors.Is(err, ErrInUse) {
		t.Fatalf("second Listen: %v; want ErrInUse", err)
	}
	discard(t, s)
	listen(t, "unix://"+name)
}
