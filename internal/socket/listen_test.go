//go:build unix

package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestListenPort0(t *testing.T) {
	for _, row := range []struct {
		spec, prefix, network string
		kind                  Kind
	}{
		{":0", "", "tcp", Stream},
		{"127.0.0.1:0", "127.0.0.1:", "tcp", Stream},
		{"tcp4://127.0.0.1:0", "tcp4://127.0.0.1:", "tcp", Stream},
		{"udp://127.0.0.1:0", "udp://127.0.0.1:", "udp", Packet},
	} {
		t.Run(row.spec, func(t *testing.T) {
			s := listen(t, row.spec)
			if s.Kind() != row.kind || s.Network() != row.network || s.Spec() != row.spec {
				t.Fatalf("kind %v, network %q, spec %q; want %v, %q, %q", s.Kind(), s.Network(), s.Spec(), row.kind, row.network, row.spec)
			}
			if got := s.Address(); !strings.HasPrefix(got, row.prefix) || strings.HasSuffix(got, ":0") {
				t.Fatalf("address %q; want %q and a real port", got, row.prefix)
			}
			if row.spec == "127.0.0.1:0" {
				dial(t, "tcp", s.Address())
			}
			checkFlags(t, s.FD())
		})
	}
}

// The holder lets go when Listen has told that it waits, and not before.
func TestListenWaitsForTheHolder(t *testing.T) {
	for _, form := range []string{"tcp4://127.0.0.1:0", "udp4://127.0.0.1:0", "unix://" + filepath.Join(t.TempDir(), "a.sock")} {
		t.Run(form, func(t *testing.T) {
			holder := listen(t, form)
			a := parsed(t, holder.Address())
			var told []error
			sockets, err := Listen(t.Context(), []Address{a}, Options{
				Retry: time.Minute,
				Waiting: func(_ Address, err error) {
					told = append(told, err)
					if err := holder.discard(); err != nil {
						t.Error(err)
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer discard(t, sockets...)
			if len(told) != 1 || !errors.Is(told[0], ErrInUse) {
				t.Fatalf("told %v; want one ErrInUse", told)
			}
		})
	}
}

func TestListenGivesUp(t *testing.T) {
	holder := listen(t, "127.0.0.1:0")
	a := parsed(t, holder.Address())
	a.Field = "Addresses[3]"
	check := func(t *testing.T, err, want error) {
		t.Helper()
		var bindErr *BindError
		if !errors.As(err, &bindErr) || bindErr.Address != a || !errors.Is(err, ErrInUse) || !errors.Is(err, want) {
			t.Fatalf("%v; want a BindError that matches ErrInUse and %v", err, want)
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("Addresses[3] %q", a.Spec)) {
			t.Fatalf("%v; want the field and the address in it", err)
		}
	}
	t.Run("one attempt", func(t *testing.T) {
		_, err := Listen(t.Context(), []Address{a}, Options{Retry: -1, Waiting: func(Address, error) { t.Error("it waited") }})
		check(t, err, unix.EADDRINUSE)
	})
	t.Run("time passed", func(t *testing.T) {
		waited := false
		_, err := Listen(t.Context(), []Address{a}, Options{Retry: 30 * time.Millisecond, Waiting: func(Address, error) { waited = true }})
		check(t, err, unix.EADDRINUSE)
		if !waited {
			t.Error("it did not wait")
		}
	})
	t.Run("context done", func(t *testing.T) {
		cause := errors.New("the operator changed his mind")
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := Listen(ctx, []Address{a}, Options{Retry: time.Hour, Waiting: func(Address, error) { cancel(cause) }})
		check(t, err, cause)
	})
}

func TestListenAllOrNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	holder := listen(t, "127.0.0.1:0")
	free := listen(t, "127.0.0.1:0")
	discard(t, free)
	before := openFDs(t)
	addrs := []Address{parsed(t, free.Address()), parsed(t, "unix://"+path), parsed(t, holder.Address())}
	if sockets, err := Listen(t.Context(), addrs, Options{Retry: -1}); err == nil || sockets != nil {
		t.Fatalf("Listen = %v, %v; want an error alone", sockets, err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%q is left behind: %v", path, err)
	}
	if after := openFDs(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	discard(t, listen(t, free.Address()))
}

func TestListenThousands(t *testing.T) {
	const n = 2000
	before := openFDs(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || int64(limit.Cur) < int64(before)+n+50 {
		t.Skipf("the limit of open files is %d (%v)", limit.Cur, err)
	}
	specs := make([]string, n)
	for i := range specs {
		specs[i] = "127.0.0.1:0"
	}
	addrs, err := ParseAll(specs)
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := Listen(t.Context(), addrs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := openFDs(t) - before; before > 0 && got != n {
		t.Errorf("%d descriptors for %d addresses; want one each", got, n)
	}
	dial(t, "tcp", sockets[n-1].Address())
	discard(t, sockets...)
	if after := openFDs(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestClosedSocket(t *testing.T) {
	s := listen(t, "unix://"+filepath.Join(t.TempDir(), "a.sock"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close: %v; want net.ErrClosed", err)
	}
	if err := s.Unlink(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Unlink after Close: %v; want net.ErrClosed", err)
	}
	if s.FD() != ^uintptr(0) {
		t.Errorf("descriptor %d after Close", s.FD())
	}
}

// listen binds one address, and gives it back at the end of the test if the
// test has not.
func listen(t testing.TB, spec string) *Socket {
	t.Helper()
	sockets, err := Listen(t.Context(), []Address{parsed(t, spec)}, Options{Retry: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if sockets[0].fd >= 0 {
			discard(t, sockets[0])
		}
	})
	return sockets[0]
}

func discard(t testing.TB, sockets ...*Socket) {
	t.Helper()
	for _, s := range sockets {
		if err := s.discard(); err != nil {
			t.Error(err)
		}
	}
}

func checkFlags(t testing.TB, fd uintptr) {
	t.Helper()
	if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %#x, %v; want close-on-exec", flags, err)
	}
	if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("status flags %#x, %v; want non-blocking", flags, err)
	}
}

// openFDs counts this process's descriptors, where the system tells them.
func openFDs(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
