//go:build unix

package handover

import (
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestResumeConn cuts a frame with a descriptor at each byte: what was read is
// taken over, and the message comes whole.
func TestResumeConn(t *testing.T) {
	want := Private{Socket: 3}
	text, err := encode(want, 1)
	must(t, err)
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	for cut := 1; cut < len(frame); cut += 7 {
		master, worker := conversation(t)
		file := numbered(t, cut)
		must(t, worker.write(frame[:cut], unix.UnixRights(int(file.Fd()))))
		must(t, master.Send(Begin{})) // the other direction goes on
		must(t, master.Interrupt())
		if m, _, err := master.Receive(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("cut at %d: Receive = %#v, %v; want the deadline", cut, m, err)
		}
		in, files := master.Rest()
		var fd int
		must(t, master.Control(func(n uintptr) { fd, err = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 0) }))
		must(t, err)
		next, err := ResumeConn(os.NewFile(uintptr(fd), "control"), in, files)
		must(t, err)
		t.Cleanup(func() { next.Close() })
		must(t, next.SetReadDeadline(time.Now().Add(20*time.Second)))
		must(t, worker.write(frame[cut:], nil))
		m, got, err := next.Receive()
		if err != nil || !reflect.DeepEqual(m, want) || len(got) != 1 {
			t.Fatalf("cut at %d: Receive = %#v, %d files, %v", cut, m, len(got), err)
		}
		if n := number(t, got[0]); n != cut {
			t.Errorf("cut at %d: the descriptor is of file %d", cut, n)
		}
		got[0].Close()
	}
}

// TestRestIsWhatWasRead: a Receive that has read the beginning of a frame is
// interrupted, and the rest comes to another Conn.
func TestRestIsWhatWasRead(t *testing.T) {
	master, worker := conversation(t)
	text, err := encode(Status{ID: 7, Staged: "x"}, 0)
	must(t, err)
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	must(t, worker.write(frame[:9], nil))
	must(t, master.fill()) // as a Receive does that waits for the rest
	must(t, master.Interrupt())
	if _, _, err := master.Receive(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Receive = %v, want the deadline", err)
	}
	if in, _ := master.Rest(); string(in) != string(frame[:9]) {
		t.Errorf("Rest = %q, want %q", in, frame[:9])
	}
	must(t, master.SetReadDeadline(time.Now().Add(20*time.Second))) // taken back
	must(t, worker.write(frame[9:], nil))
	if m, _, err := master.Receive(); err != nil || !reflect.DeepEqual(m, Status{ID: 7, Staged: "x"}) {
		t.Errorf("Receive = %#v, %v", m, err)
	}
}
