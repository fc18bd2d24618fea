//go:build unix

package handover

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	children["inherit"] = inheritChild
	children["grandchild"] = grandchild
	children["preflight"] = func() error { _, err := TakeQuestion().Answer(nil); return err }
	children["preflight refuses"] = func() error {
		_, err := TakeQuestion().Answer(errors.New("Address: " + strings.Repeat("wrong ", 100_000)))
		return err
	}
}

// inheritChild is a worker that starts a program of its own.
func inheritChild() error {
	in, ok := Inherit()
	if !ok {
		return errors.New("not a worker")
	}
	if v, there := os.LookupEnv(Variable); there {
		return fmt.Errorf("%s is still %q", Variable, v)
	}
	if _, again := Inherit(); again {
		return errors.New("inherited twice")
	}
	for _, f := range []*os.File{in.Control, in.Stderr, in.Crash} {
		if f == nil {
			return fmt.Errorf("inherited %+v; want three files", in)
		}
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			return fmt.Errorf("%s: descriptor flags %#x, %v; want close-on-exec", f.Name(), flags, err)
		}
	}
	fmt.Fprint(in.Stderr, "stderr")
	fmt.Fprint(in.Crash, "crash")

	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=grandchild")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the child's child: %w: %s", err, out)
	}
	c, err := NewConn(in.Control)
	if err != nil {
		return err
	}
	if err := c.Send(Hello{PID: os.Getpid()}); err != nil {
		return err
	}
	_, _, err = c.Receive()
	if err != io.EOF {
		return fmt.Errorf("receive: %v; want EOF", err)
	}
	return nil
}

// grandchild fails where it sees anything of the handover.
func grandchild() error {
	if v, there := os.LookupEnv(Variable); there {
		return fmt.Errorf("%s is %q", Variable, v)
	}
	if _, ok := Inherit(); ok {
		return errors.New("inherited")
	}
	for fd := 3; fd < 6; fd++ {
		if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err == nil {
			return fmt.Errorf("descriptor %d is a socket of type %d", fd, kind)
		}
	}
	return nil
}

func TestInherit(t *testing.T) {
	master, worker, err := Pair()
	must(t, err)
	defer master.Close()
	must(t, master.SetReadDeadline(time.Now().Add(20*time.Second)))
	errRead, errWrite, err := os.Pipe()
	must(t, err)
	defer errRead.Close()
	crashRead, crashWrite, err := os.Pipe()
	must(t, err)
	defer crashRead.Close()

	cmd := child(t, "inherit", Variable+"=3:4:5")
	cmd.ExtraFiles = []*os.File{worker, errWrite, crashWrite}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Start())
	worker.Close()
	errWrite.Close()
	crashWrite.Close()

	if m, _, err := master.Receive(); err != nil || !reflect.DeepEqual(m, Hello{PID: cmd.Process.Pid}) {
		t.Errorf("Receive = %#v, %v; want the child's hello", m, err)
	}
	master.Close()
	for _, pipe := range []struct {
		f    *os.File
		want string
	}{{errRead, "stderr"}, {crashRead, "crash"}} {
		if text, err := io.ReadAll(pipe.f); err != nil || string(text) != pipe.want {
			t.Errorf("pipe holds %q, %v; want %q", text, err, pipe.want)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
}

// A variable that was copied by somebody names whatever happens to be open.
func TestInheritLeavesOthersAlone(t *testing.T) {
	pipe, _, err := os.Pipe()
	must(t, err)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer udp.Close()
	udpFile, err := udp.(*net.UDPConn).File()
	must(t, err)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: t.TempDir() + "/s", Net: "unix"})
	must(t, err)
	defer listener.Close()
	listenerFile, err := listener.File()
	must(t, err)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	tcpFile, err := tcp.(*net.TCPListener).File()
	must(t, err)

	for _, row := range []struct {
		name  string
		value string
		file  *os.File
	}{
		{name: "empty", value: ""},
		{name: "words", value: "yes:please"},
		{name: "standard error", value: "2"},
		{name: "negative", value: "-1"},
		{name: "not open", value: "999999"},
		{name: "beyond all numbers", value: "99999999999999999999"},
		{name: "a pipe", file: pipe},
		{name: "a datagram socket", file: udpFile},
		{name: "a unix listener", file: listenerFile},
		{name: "a TCP listener", file: tcpFile},
	} {
		t.Run(row.name, func(t *testing.T) {
			value := row.value
			if row.file != nil {
				defer row.file.Close()
				// As a program's parent leaves it: without close-on-exec.
				_, err := unix.FcntlInt(row.file.Fd(), unix.F_SETFD, 0)
				must(t, err)
				value = fmt.Sprint(row.file.Fd())
			}
			t.Setenv(Variable, value)
			if in, ok := Inherit(); ok {
				t.Fatalf("Inherit of %q = %+v; want nothing", value, in)
			}
			if v, there := os.LookupEnv(Variable); there {
				t.Fatalf("%s is still %q", Variable, v)
			}
			if row.file != nil {
				flags, err := unix.FcntlInt(row.file.Fd(), unix.F_GETFD, 0)
				if err != nil || flags != 0 {
					t.Fatalf("descriptor flags are %#x now, %v; want them as they were", flags, err)
				}
			}
		})
	}
}

// A worker whose master has died before it looked is a worker all the same; it
// must not become a second master.
func TestInheritAfterTheMasterHasGone(t *testing.T) {
	master, worker, err := Pair()
	must(t, err)
	must(t, master.Close())
	fd, err := unix.Dup(int(worker.Fd()))
	must(t, err)
	must(t, worker.Close())
	t.Setenv(Variable, fmt.Sprintf("%d::", fd))
	in, ok := Inherit()
	if !ok || in.Stderr != nil || in.Crash != nil {
		t.Fatalf("Inherit = %+v, %v; want a control socket only", in, ok)
	}
	c, err := NewConn(in.Control)
	must(t, err)
	defer c.Close()
	if _, _, err := c.Receive(); err != io.EOF {
		t.Fatalf("Receive = %v; want EOF", err)
	}
}

// TestInheritSignals reads what stands behind the descriptors; a master that is
// newer may say more.
func TestInheritSignals(t *testing.T) {
	for _, row := range []struct {
		rest    string
		ignored int
		nohup   bool
	}{
		{"", 0, false},
		{"::", 0, false},
		{":::12", 12, false},
		{":::12:nohup", 12, true},
		{"::::nohup", 0, true},
		{":::12::more", 12, false},
		{":::x:y", 0, false},
	} {
		t.Run(row.rest, func(t *testing.T) {
			master, worker, err := Pair()
			must(t, err)
			defer master.Close()
			fd, err := unix.Dup(int(worker.Fd()))
			must(t, err)
			must(t, worker.Close())
			t.Setenv(Variable, fmt.Sprint(fd, row.rest))
			in, ok := Inherit()
			if !ok || in.Ignored != row.ignored || in.Nohup != row.nohup {
				t.Fatalf("Inherit = %+v, %v; want signal %d, nohup %v", in, ok, row.ignored, row.nohup)
			}
			must(t, in.Control.Close())
		})
	}
}

func TestAnswerPreflight(t *testing.T) {
	for _, row := range []struct{ child, wantError string }{
		{child: "preflight"},
		{child: "preflight refuses", wantError: "Address: wrong wrong"},
	} {
		t.Run(row.child, func(t *testing.T) {
			r, w, err := os.Pipe()
			must(t, err)
			defer r.Close()
			cmd := child(t, row.child, PreflightVariable+"=3")
			cmd.ExtraFiles = []*os.File{w}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			// w stays open here, as it does in a child that the program has left behind.
			must(t, r.SetReadDeadline(time.Now().Add(10*time.Second)))
			got, err := ReadPreflight(r)
			w.Close()
			if err != nil || !strings.HasPrefix(got.Error, row.wantError) || (got.Error == "") != (row.wantError == "") {
				t.Fatalf("ReadPreflight = %+v, %v; want error %q", got, err, row.wantError)
			}
			if got.OS != runtime.GOOS || got.Arch != runtime.GOARCH || got.Min != MinVersion || got.Max != MaxVersion || got.Go != runtime.Version() {
				t.Fatalf("ReadPreflight = %+v; want this platform", got)
			}
		})
	}
}

func TestAnswerPreflightOnlyWhenAsked(t *testing.T) {
	if asked, err := TakeQuestion().Answer(nil); asked || err != nil {
		t.Fatalf("AnswerPreflight = %v, %v; want nothing", asked, err)
	}
	for _, value := range []string{"", "two", "2", "-3"} {
		t.Setenv(PreflightVariable, value)
		if asked, err := TakeQuestion().Answer(nil); !asked || err == nil {
			t.Fatalf("AnswerPreflight with %q = %v, %v; want an error", value, asked, err)
		}
	}
}
