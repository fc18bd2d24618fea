package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const roleVariable = "SYSTEMD_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "take" {
		takeAndTell()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A manager is the other end of NOTIFY_SOCKET.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

func newManager(t *testing.T, address string) (*manager, *Service) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s, err := variables("NOTIFY_SOCKET=" + address).service(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return &manager{t, conn}, s
}

// hear returns the next message, and the descriptor that came with it.
func (m *manager) hear() (string, *os.File) {
	m.t.Helper()
	buf, oob := make([]byte, 4<<10), make([]byte, 64)
	m.conn.SetReadDeadline(time.Now().Add(time.Minute))
	n, oobn, _, _, err := m.conn.ReadMsgUnix(buf, oob)
	if err != nil {
		m.t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		m.t.Fatal(err)
	}
	for _, message := range messages {
		if fds, err := unix.ParseUnixRights(&message); err == nil && len(fds) == 1 {
			return string(buf[:n]), os.NewFile(uintptr(fds[0]), "received")
		}
	}
	return string(buf[:n]), nil
}

func TestNotify(t *testing.T) {
	for name, address := range map[string]string{
		"path":          filepath.Join(t.TempDir(), "notify"),
		"abstract name": fmt.Sprintf("@overseer-systemd-test-%d", os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			m, s := newManager(t, address)
			before := monotonic()
			for _, row := range []struct {
				states []State
				want   string
			}{
				{[]State{Ready, Status("up")}, "READY=1\nSTATUS=up"},
				{[]State{Stopping, ExtendTimeout(1500 * time.Millisecond)}, "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000"},
				{[]State{Alive}, "WATCHDOG=1"},
				{[]State{Errno(98)}, "ERRNO=98"},
			} {
				if err := s.Notify(row.states...); err != nil {
					t.Fatal(err)
				}
				if got, _ := m.hear(); got != row.want {
					t.Errorf("the manager heard %q, want %q", got, row.want)
				}
			}
			if err := s.Notify(Reloading()); err != nil {
				t.Fatal(err)
			}
			got, _ := m.hear()
			var usec int64
			if _, err := fmt.Sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%d", &usec); err != nil || usec < before.Microseconds() || usec > monotonic().Microseconds() {
				t.Errorf("the manager heard %q (%v), want the time since %v", got, err, before)
			}
		})
	}
}

func TestStore(t *testing.T) {
	m, s := newManager(t, filepath.Join(t.TempDir(), "notify"))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := s.Store(int(w.Fd()), "name %3A"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	got, kept := m.hear()
	if want := "FDSTORE=1\nFDPOLL=0\nFDNAME=name %3A"; got != want || kept == nil {
		t.Fatalf("the manager heard %q with %v, want %q with a descriptor", got, kept, want)
	}
	if _, err := kept.WriteString("x"); err != nil {
		t.Errorf("the descriptor that is kept: %v", err)
	}
	kept.Close()
	if err := s.Remove("name %3A"); err != nil {
		t.Fatal(err)
	}
	if got, _ := m.hear(); got != "FDSTOREREMOVE=1\nFDNAME=name %3A" {
		t.Errorf("the manager heard %q", got)
	}
	for _, name := range []string{"", "a:b", "a\nb", "ä", strings.Repeat("x", 256)} {
		if err := s.Store(0, name); err == nil {
			t.Errorf("the name %q was taken", name)
		}
	}
	if err := s.Store(0, strings.Repeat("x", 255)); err != nil {
		t.Errorf("a name of 255 characters: %v", err)
	}
	s.StoreMax = 0
	if err := s.Store(-1, "x"); err != nil {
		t.Errorf("a manager that keeps nothing was told: %v", err)
	}
}

func TestBarrier(t *testing.T) {
	m, s := newManager(t, filepath.Join(t.TempDir(), "notify"))
	done := make(chan error, 1)
	go func() { done <- s.Barrier(time.Minute) }()
	got, held := m.hear()
	if got != "BARRIER=1" || held == nil {
		t.Fatalf("the manager heard %q with %v, want BARRIER=1 with a descriptor", got, held)
	}
	select {
	case err := <-done:
		t.Fatalf("the barrier was passed (%v) while the manager held it", err)
	default:
	}
	held.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := s.Barrier(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) { // nobody reads
		t.Errorf("error %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

// A manager that does not read fills its queue, and must not hold up anybody.
func TestNobodyReads(t *testing.T) {
	_, s := newManager(t, filepath.Join(t.TempDir(), "notify"))
	var err error
	for range 10_000 { // net.unix.max_dgram_qlen is far below
		if err = s.Notify(Alive); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v, want %v", err, os.ErrDeadlineExceeded)
	}
	s.address = filepath.Join(t.TempDir(), "nobody")
	if err := s.Notify(Alive); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), s.address) {
		t.Errorf("error %v, want one that names the socket", err)
	}
}

func TestNoService(t *testing.T) {
	var s *Service
	if err := errors.Join(s.Notify(Ready), s.Store(0, "x"), s.Remove("x"), s.Barrier(time.Hour)); err != nil {
		t.Error(err)
	}
}

// takeAndTell is a process that was started by a service manager.
func takeAndTell() {
	s, sockets, err := Take()
	flags, _ := unix.FcntlInt(3, unix.F_GETFD, 0)
	fmt.Printf("%v %v error=%v closes=%v", s != nil, sockets, err, flags&unix.FD_CLOEXEC != 0)
	for _, name := range Variables {
		if value, ok := os.LookupEnv(name); ok {
			fmt.Printf(" %s=%s", name, value)
		}
	}
	_, again, err := Take()
	fmt.Printf(" again=%v,%v", again, err)
}

func TestTake(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, row := range []struct{ name, set, want string }{
		{"for this process", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web NOTIFY_SOCKET=/n WATCHDOG_USEC=5",
			"true [{3 web}] error=<nil> closes=true NOTIFY_SOCKET=/n WATCHDOG_USEC=5 again=[],<nil>"},
		{"for another one", "LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=web",
			"false [] error=<nil> closes=false LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=web again=[],<nil>"},
		{"more than there are", "LISTEN_PID=$$ LISTEN_FDS=2",
			"false [{3 unknown}] error=LISTEN_FDS names descriptor 4 (\"unknown\"), which was not inherited closes=true again=[],<nil>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command("/bin/sh", "-c", "export "+row.set+`; exec "$0"`, exe)
			cmd.Env = append(Without(os.Environ()), roleVariable+"=take")
			cmd.ExtraFiles = []*os.File{r}
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != row.want {
				t.Errorf("(%v)\ngot  %s\nwant %s", err, out, row.want)
			}
		})
	}
}
