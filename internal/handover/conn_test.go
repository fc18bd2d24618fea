//go:build unix

package handover

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var everyMessage = []Message{
	Hello{Min: 1, Max: 3, PID: 42},
	Setup{Version: 1, Generation: 7, ID: "id", Digest: "digest", BinPath: "/bin/\"app\"", TerminateTimeout: time.Minute},
	Sockets{Sockets: []Socket{{Network: "tcp", Address: "[::]:80"}, {Network: "unix", Address: "/run/a b"}}},
	Begin{},
	Accepting{Sockets: []int{0, 2}},
	Ready{},
	Private{Socket: 3},
	Open{},
	Opened{},
	Pause{Sockets: []int{1}},
	Drain{Timeout: 3 * time.Second, Signal: 15, Last: true},
	Restart{Force: true},
	Ask{ID: 9},
	Status{ID: 9, Generation: 2, Staged: "d", Pending: true, Starts: 4},
	Bequeath{ID: 1},
	Bequest{Generation: 2, Held: true},
	Bequeathed{ID: 1, Heir: 3, Held: true, Refused: "no"},
	Item{ID: 4, Name: "n", Kind: "conn", Data: []byte{0, 255}, Size: 9},
	Taken{ID: 4},
	Untaken{ID: 5, Reason: "drains", Elsewhere: true},
	Withdraw{ID: 5},
	Ping{ID: 3},
	Pong{ID: 3, Open: 2, Accepted: 1 << 40},
}

func TestEveryMessageHasARoundTrip(t *testing.T) {
	if len(everyMessage) != len(readers) {
		t.Fatalf("the test knows %d messages, the package reads %d", len(everyMessage), len(readers))
	}
	master, worker := conversation(t)
	for _, want := range everyMessage {
		t.Run(want.kind(), func(t *testing.T) {
			for _, way := range []struct{ from, to *Conn }{{master, worker}, {worker, master}} {
				must(t, way.from.Send(want))
				got, files, err := way.to.Receive()
				if err != nil || len(files) != 0 || !reflect.DeepEqual(got, want) {
					t.Fatalf("Receive = %#v, %d files, %v; want %#v", got, len(files), err, want)
				}
			}
		})
	}
}

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

func TestAgree(t *testing.T) {
	for _, row := range []struct {
		name     string
		min, max int
		want     int // 0: an error
	}{
		{"the same", MinVersion, MaxVersion, MaxVersion},
		{"newer that still speaks ours", MinVersion, MaxVersion + 7, MaxVersion},
		{"older and ours", 0, MaxVersion, MaxVersion},
		{"newer only", MaxVersion + 1, MaxVersion + 2, 0},
		{"older only", 0, MinVersion - 1, 0},
		{"nothing said", 0, 0, 0},
		{"upside down", MaxVersion + 1, MinVersion, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Agree(Hello{Min: row.min, Max: row.max})
			if got != row.want || (err == nil) != (row.want != 0) {
				t.Fatalf("Agree(%d to %d) = %d, %v; want %d", row.min, row.max, got, err, row.want)
			}
		})
	}
}

// FuzzDecode: whatever a frame holds, it is a message of a known kind that can
// be said again, nothing, or an error.
func FuzzDecode(f *testing.F) {
	for n, m := range everyMessage {
		frame, err := encode(m, n)
		must(f, err)
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, fds, err := readers.decode(frame)
		if err != nil || m == nil {
			if m != nil {
				t.Fatalf("decode(%q) = %#v and %v", frame, m, err)
			}
			return
		}
		if fds < 0 || fds > MaxFDs {
			t.Fatalf("decode(%q): %d descriptors", frame, fds)
		}
		again, err := encode(m, fds)
		if err != nil {
			if len(frame) <= MaxFrame/8 { // each byte of a string may become a longer escape
				t.Fatalf("decode(%q) = %#v, which cannot be said again: %v", frame, m, err)
			}
			return
		}
		m2, fds2, err := readers.decode(again)
		if err != nil || fds2 != fds || !reflect.DeepEqual(m2, m) {
			t.Fatalf("decode(%q) = %#v; said again it is %#v, %d descriptors, %v", frame, m, m2, fds2, err)
		}
	})
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

func TestReadPreflight(t *testing.T) {
	whole, err := json.Marshal(Preflight{Min: 1, Max: 1, OS: "plan9", Arch: "mips", Module: "m@v1"})
	must(t, err)
	want := Preflight{Min: 1, Max: 1, OS: "plan9", Arch: "mips", Module: "m@v1"}
	for _, row := range []struct {
		name, text, err string
	}{
		{name: "whole", text: string(whole) + "\n"},
		{name: "without the newline", text: string(whole)},
		{name: "with unknown members", text: `{"new":{"a":[1]},` + string(whole[1:])},
		{name: "with more behind", text: string(whole) + "\nand so on"},
		{name: "nothing", err: "EOF"},
		{name: "cut", text: string(whole[:20]), err: "unexpected EOF"},
		{name: "no JSON", text: "token", err: "invalid character"},
		{name: "endless", text: `{"os":"` + strings.Repeat("x", maxPreflight), err: "more than 65536 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := ReadPreflight(strings.NewReader(row.text))
			if row.err == "" {
				if err != nil || got != want {
					t.Fatalf("ReadPreflight = %+v, %v; want %+v", got, err, want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Fatalf("ReadPreflight = %+v, %v; want error %q", got, err, row.err)
			}
		})
	}
	if _, err := ReadPreflight(bytes.NewReader(nil)); !errors.Is(err, io.EOF) {
		t.Fatalf("ReadPreflight of nothing = %v; want io.EOF", err)
	}
}

// A candidate may answer whatever it likes.
func FuzzReadPreflight(f *testing.F) {
	for _, text := range []string{"", "{}", "null", `{"min":1,"max":1,"os":"linux","arch":"amd64"}` + "\n{", `{"min":-1,"max":1e9}`, `{"error":"\ud800"}`, "[[[["} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ReadPreflight(bytes.NewReader(text))
		if err == nil && len(text) > 0 && len(p.Error) > 3*maxPreflight { // a byte that is no text becomes three
			t.Fatalf("an error of %d bytes", len(p.Error))
		}
	})
}
