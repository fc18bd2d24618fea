//go:build unix

package handover

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// numbered is a file with its number as its content.
func numbered(t testing.TB, n int) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = fmt.Fprint(f, n)
	must(t, err)
	return f
}

func number(t testing.TB, f *os.File) int {
	t.Helper()
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	must(t, err)
	n := -1
	fmt.Sscan(string(text), &n)
	return n
}

func TestManyDescriptorsKeepTheirOrder(t *testing.T) {
	const count, different = 2000, 50
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if limit.Cur < count+300 {
		t.Skipf("skipped: the limit of open files is %d", limit.Cur)
	}
	var files []*os.File
	for n := range different {
		files = append(files, numbered(t, n))
	}
	master, worker := conversation(t)
	sent := make(chan error, 1)
	go func() {
		for n := 0; n < count; {
			var m Sockets
			var fds []int
			for ; n < count && len(fds) < MaxFDs; n++ {
				m.Sockets = append(m.Sockets, Socket{Network: "tcp", Address: fmt.Sprint(n)})
				fds = append(fds, int(files[n%different].Fd()))
			}
			if err := errors.Join(master.Send(m, fds...), master.Send(Ask{ID: n})); err != nil {
				sent <- err
				return
			}
		}
		sent <- master.Send(Begin{})
	}()
	next := 0
	for begun := false; !begun; {
		m, got, err := worker.Receive()
		must(t, err)
		switch m := m.(type) {
		case Sockets:
			if len(got) != len(m.Sockets) {
				t.Fatalf("%d descriptors came for %d sockets", len(got), len(m.Sockets))
			}
			for i, s := range m.Sockets {
				flags, err := unix.FcntlInt(got[i].Fd(), unix.F_GETFD, 0)
				must(t, err)
				if s.Address != fmt.Sprint(next) || number(t, got[i]) != next%different || flags&unix.FD_CLOEXEC == 0 {
					t.Fatalf("socket %d: address %q, file %d, descriptor flags %#x; want %d, close-on-exec", next, s.Address, number(t, got[i]), flags, next%different)
				}
				next++
			}
			closeAll(got)
		case Begin:
			begun = true
		default:
			if len(got) != 0 {
				t.Fatalf("%d descriptors came with %#v", len(got), m)
			}
		}
	}
	must(t, <-sent)
	if next != count {
		t.Fatalf("%d descriptors came; want %d", next, count)
	}
}

// raw is the bytes of a frame with any JSON.
func raw(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// say writes bytes as another version, or a mad one, would.
func say(t *testing.T, c *Conn, b []byte, fds ...int) {
	t.Helper()
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	_, _, err := c.c.WriteMsgUnix(b, oob, nil)
	must(t, err)
}

func TestUnknownIsIgnored(t *testing.T) {
	master, worker := conversation(t)
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	say(t, master, raw(`{"type":"of-the-future","fds":1,"body":[1,{"a":"b"}]}`), int(w.Fd()))
	w.Close()
	say(t, master, raw(`{"type":"ask","new":[1],"body":{"id":5,"new":{"x":1}}}`))
	say(t, master, raw(`{"type":"begin"}`))
	for _, want := range []Message{Ask{ID: 5}, Begin{}} {
		got, files, err := worker.Receive()
		if err != nil || got != want || len(files) != 0 {
			t.Fatalf("Receive = %#v, %d files, %v; want %#v", got, len(files), err, want)
		}
	}
	must(t, r.SetReadDeadline(time.Now().Add(10*time.Second)))
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the descriptor of the unknown message is still open: %v", err)
	}
}

func TestReceiveRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		bytes []byte
		fds   int
		want  string
	}{
		{name: "nothing", want: "EOF"},
		{name: "half a length", bytes: []byte{0, 0}, want: "unexpected EOF"},
		{name: "half a frame", bytes: raw(`{"type":"begin"}`)[:9], want: "unexpected EOF"},
		{name: "half a frame with a descriptor", bytes: raw(`{"type":"begin","fds":1}`)[:9], fds: 1, want: "unexpected EOF"},
		{name: "length zero", bytes: []byte{0, 0, 0, 0}, want: "frame of 0 bytes"},
		{name: "length beyond the bound", bytes: binary.BigEndian.AppendUint32(nil, MaxFrame+1), want: "want 1 to 1048576"},
		{name: "length of four gigabytes", bytes: []byte{255, 255, 255, 255}, want: "want 1 to 1048576"},
		{name: "no JSON", bytes: raw("hello, worker"), want: "decode frame"},
		{name: "no object", bytes: raw(`[1]`), want: "decode frame"},
		{name: "a member of another type", bytes: raw(`{"type":"ask","body":{"id":"five"}}`), want: "decode ask"},
		{name: "too few descriptors", bytes: raw(`{"type":"begin","fds":2}`), fds: 1, want: "announces 2 descriptors, 1 came"},
		{name: "no descriptors", bytes: raw(`{"type":"begin","fds":1}`), want: "announces 1 descriptors, 0 came"},
		{name: "negative descriptors", bytes: raw(`{"type":"begin","fds":-1}`), want: "want 0 to 128"},
		{name: "too many descriptors", bytes: raw(`{"type":"begin","fds":129}`), want: "want 0 to 128"},
		{name: "descriptors that nobody announced", bytes: append(raw(`{"type":"future"}`), raw(`nonsense`)...), fds: 3, want: "decode frame"},
	} {
		t.Run(row.name, func(t *testing.T) {
			master, worker := conversation(t)
			r, w, err := os.Pipe()
			must(t, err)
			defer r.Close()
			var fds []int
			for range row.fds {
				fds = append(fds, int(w.Fd()))
			}
			if row.bytes != nil {
				say(t, master, row.bytes, fds...)
			}
			must(t, master.Close())
			w.Close()
			m, files, err := worker.Receive()
			if err == nil || !strings.Contains(err.Error(), row.want) || m != nil || len(files) != 0 {
				t.Fatalf("Receive = %#v, %d files, %v; want error %q", m, len(files), err, row.want)
			}
			must(t, r.SetReadDeadline(time.Now().Add(10*time.Second)))
			if _, err := r.Read(make([]byte, 1)); err != io.EOF {
				t.Fatalf("a received descriptor was left open: %v", err)
			}
		})
	}
}

func TestFrameInPieces(t *testing.T) {
	master, worker := conversation(t)
	f := numbered(t, 5)
	frame := raw(`{"type":"private","fds":1,"body":{"socket":1}}`)
	go func() {
		for i := range frame {
			if i == 0 {
				master.c.WriteMsgUnix(frame[:1], unix.UnixRights(int(f.Fd())), nil)
				continue
			}
			master.c.Write(frame[i : i+1])
		}
	}()
	m, files, err := worker.Receive()
	if err != nil || m != (Private{Socket: 1}) || len(files) != 1 || number(t, files[0]) != 5 {
		t.Fatalf("Receive = %#v, %d files, %v", m, len(files), err)
	}
	closeAll(files)
}

func TestGoneWithUnreadMessagesIsEOF(t *testing.T) {
	master, worker := conversation(t)
	must(t, worker.Send(Ready{})) // never read: the kernel then says "connection reset"
	must(t, master.Send(Begin{}))
	must(t, master.Close())
	if m, _, err := worker.Receive(); m != (Begin{}) || err != nil {
		t.Fatalf("Receive = %#v, %v; want what was sent before the end", m, err)
	}
	if _, _, err := worker.Receive(); err != io.EOF {
		t.Fatalf("Receive = %v; want EOF", err)
	}
}

func TestCloseWakesReceive(t *testing.T) {
	master, _ := conversation(t)
	got := make(chan error, 1)
	go func() {
		_, _, err := master.Receive()
		got <- err
	}()
	must(t, master.Close())
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Receive = %v; want net.ErrClosed", err)
	}
}

func TestDeadlineKeepsWhatCame(t *testing.T) {
	master, worker := conversation(t)
	frame := raw(`{"type":"ask","body":{"id":6}}`)
	say(t, master, frame[:7])
	must(t, worker.SetReadDeadline(time.Now().Add(time.Millisecond)))
	if _, _, err := worker.Receive(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Receive = %v; want a passed deadline", err)
	}
	say(t, master, frame[7:])
	must(t, worker.SetReadDeadline(time.Now().Add(10*time.Second)))
	if m, _, err := worker.Receive(); m != (Ask{ID: 6}) || err != nil {
		t.Fatalf("Receive = %#v, %v; want the whole message", m, err)
	}
}

func TestConcurrentSend(t *testing.T) {
	const senders, each = 8, 100
	master, worker := conversation(t)
	long := strings.Repeat("x", 10_000) // so that one write does not do
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for n := range each {
				if err := worker.Send(Status{ID: s, Starts: n, Staged: long}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var next [senders]int
	for range senders * each {
		m, _, err := master.Receive()
		must(t, err)
		s, ok := m.(Status)
		if !ok || s.Starts != next[s.ID] || s.Staged != long {
			t.Fatalf("received %.80v; want message %d of each sender in order", m, next[s.ID])
		}
		next[s.ID]++
	}
	wg.Wait()
}

func TestSendRefuses(t *testing.T) {
	master, worker := conversation(t)
	if err := master.Send(Begin{}, make([]int, MaxFDs+1)...); err == nil || !strings.Contains(err.Error(), "more than the 128") {
		t.Fatalf("Send of too many descriptors = %v", err)
	}
	if err := master.Send(Setup{BinPath: strings.Repeat("x", MaxFrame)}); err == nil || !strings.Contains(err.Error(), "of a frame") {
		t.Fatalf("Send of too long a frame = %v", err)
	}
	big := Setup{BinPath: strings.Repeat("x", MaxFrame-1000)}
	sent := make(chan error, 1)
	go func() { sent <- master.Send(big) }()
	if m, _, err := worker.Receive(); err != nil || m != big { // the refused ones left no trace
		t.Fatalf("Receive = %.50v, %v; want the biggest message", m, err)
	}
	must(t, <-sent)
}

// A frame that was written in part makes all that follows nonsense.
func TestBrokenSendEndsTheConversation(t *testing.T) {
	master, worker := conversation(t)
	must(t, worker.c.SetReadBuffer(4096))
	must(t, master.c.SetWriteBuffer(4096))
	received := make(chan error, 1)
	go func() {
		_, _, err := master.Receive()
		received <- err
	}()
	sent := make(chan error, 1)
	go func() { sent <- master.Send(Setup{BinPath: strings.Repeat("x", MaxFrame-1000)}) }()
	if _, err := io.ReadFull(worker.c, make([]byte, 10)); err != nil { // it has begun
		t.Fatal(err)
	}
	// What the passing of SendTimeout does, without the wait; the write has set
	// its own deadline before its first byte.
	must(t, master.c.SetWriteDeadline(time.Unix(1, 0)))
	if err := <-sent; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Send = %v; want a passed deadline", err)
	}
	if err := <-received; err == nil {
		t.Fatal("Receive goes on")
	}
	if err := master.Send(Begin{}); err == nil {
		t.Fatal("a message was sent behind half a frame")
	}
}

func TestNewConnRefuses(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	if _, err := NewConn(r); err == nil || !strings.Contains(err.Error(), "control socket") {
		t.Fatalf("NewConn of a pipe = %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	defer c.Close()
	f, err := c.(*net.TCPConn).File()
	must(t, err)
	if _, err := NewConn(f); err == nil || !strings.Contains(err.Error(), "tcp connection") {
		t.Fatalf("NewConn of a TCP connection = %v", err)
	}
}

// FuzzReceive: whatever bytes come, Receive ends.
func FuzzReceive(f *testing.F) {
	f.Add(append(raw(`{"type":"begin"}`), raw(`{"type":"future"}`)...))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0, 16, 0, 1, '{'})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return // more than a write takes at once
		}
		master, worker := conversation(t)
		if len(b) > 0 {
			say(t, master, b)
		}
		must(t, master.Close())
		for n := 0; ; n++ {
			m, _, err := worker.Receive()
			if err != nil {
				return
			}
			if m == nil || n > len(b) {
				t.Fatalf("message %d of %q is %#v", n, b, m)
			}
		}
	})
}
