//go:build unix

package handover

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var hour = time.Hour

// What either end of a conversation with a fetch process says.
var (
	toProcess = []Message{
		FetchSetup{Version: 1, User: 65534, Scratch: "/opt/.app.overseer", Recheck: true, Remembered: []byte("etag")},
		Fetch{ID: 7},
		Bring{ID: 7},
		Drop{ID: 7},
		Receipt{ID: 7},
		Record{Data: []byte{0, 1, 255}},
		Record{None: true, Failure: &Failure{Text: "locked"}},
		Kept{Failure: &Failure{Text: "no space"}},
		Installed{Digest: "digest", Size: 1 << 40},
	}
	fromProcess = []Message{
		Settled{User: 65534, Kept: "root", Error: "no credentials"},
		Offer{ID: 7, Nothing: true},
		Offer{ID: 7, Failure: &Failure{Text: "busy", RetryAfter: &hour, Again: true, NotYet: true}},
		Offer{ID: 7, Source: "s", Digest: "d", Size: 9, Version: "1.2.3", Statement: &Statement{Manifest: []byte("{}"), Signatures: []byte{9}, Keys: []byte{8}, KeysSignatures: []byte{7}}},
		Brought{ID: 7, Failure: &Failure{Text: "cut"}, Remarks: []string{"a detour"}},
		Alive{},
		Remembers{Data: []byte("etag")},
		Recall{Name: "manifest-app"},
		Keep{Data: []byte("record")},
		Keep{Leave: true},
		AskInstalled{},
	}
)

// fetchConversation returns both ends of one.
func fetchConversation(t *testing.T) (master, process *Conn) {
	t.Helper()
	master, end, err := FetchPair()
	must(t, err)
	process, err = NewFetchConn(end)
	must(t, err)
	for _, c := range []*Conn{master, process} {
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	}
	t.Cleanup(func() {
		master.Close()
		process.Close()
	})
	return master, process
}

func TestFetchMessages(t *testing.T) {
	master, process := fetchConversation(t)
	for _, way := range []struct {
		name     string
		from, to *Conn
		said     []Message
	}{{"to the process", master, process, toProcess}, {"from it", process, master, fromProcess}} {
		kinds := map[string]bool{}
		for _, want := range way.said {
			kinds[want.kind()] = true
			must(t, way.from.Send(want))
			got, files, err := way.to.Receive()
			if err != nil || len(files) != 0 || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: Receive = %#v, %d files, %v; want %#v", way.name, got, len(files), err, want)
			}
		}
		if known, said := slices.Sorted(maps.Keys(way.to.words)), slices.Sorted(maps.Keys(kinds)); !slices.Equal(known, said) {
			t.Errorf("%s: the test says %q, the package reads %q", way.name, said, known)
		}
	}
}

// The words of one conversation mean nothing in another, nor in the other
// direction.
func TestFetchWordsAreApart(t *testing.T) {
	master, process := fetchConversation(t)
	for _, m := range append(append([]Message(nil), everyMessage...), toProcess...) {
		must(t, process.Send(m))
	}
	for _, m := range append(append([]Message(nil), everyMessage...), fromProcess...) {
		must(t, master.Send(m))
	}
	must(t, process.Send(Alive{}))
	must(t, master.Send(Fetch{ID: 1}))
	for _, end := range []*Conn{master, process} {
		if m, _, err := end.Receive(); m != (Alive{}) && m != (Fetch{ID: 1}) || err != nil {
			t.Errorf("%#v, %v; want nothing but the last message understood", m, err)
		}
	}
}

// A record fits into a frame whatever its bytes are; a descriptor is taken from
// nobody but the master.
func TestFetchBounds(t *testing.T) {
	master, process := fetchConversation(t)
	record := Keep{Data: make([]byte, MaxRecord)}
	go process.Send(record) // too much for the socket's buffer
	if got, _, err := master.Receive(); err != nil || !reflect.DeepEqual(got, record) {
		t.Fatalf("a record of %d bytes: %v", MaxRecord, err)
	}
	if err := process.Send(Keep{Data: make([]byte, MaxRecord+256<<10)}); err == nil || !strings.Contains(err.Error(), "of a frame") {
		t.Errorf("a larger record: %v, want an error", err)
	}
	f := numbered(t, 5)
	must(t, master.Send(Bring{ID: 1}, int(f.Fd())))
	_, files, err := process.Receive()
	if err != nil || len(files) != 1 || number(t, files[0]) != 5 {
		t.Fatalf("a descriptor to the process: %d, %v", len(files), err)
	}
	closeAll(files)
	must(t, process.Send(Alive{}, int(f.Fd())))
	if _, files, err := master.Receive(); err == nil || len(files) != 0 || !strings.Contains(err.Error(), "no frame announces") {
		t.Errorf("a descriptor from the process: %d, %v; want the end of the conversation", len(files), err)
	}
}

// A flood of descriptors that no frame announces ends, and leaves none open.
func TestUnannouncedDescriptors(t *testing.T) {
	master, worker := conversation(t)
	f := numbered(t, 1)
	fds := slices.Repeat([]int{int(f.Fd())}, MaxFDs)
	for range 4 {
		say(t, worker, []byte{0}, fds...)
	}
	before := openFiles(t)
	if _, _, err := master.Receive(); err == nil {
		t.Fatal("no error")
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// FuzzFetchDecode: whatever a frame of a fetch process holds, it is a message
// that can be said again, nothing, or an error.
func FuzzFetchDecode(f *testing.F) {
	for _, m := range append(append([]Message(nil), fromProcess...), toProcess...) {
		frame, err := encode(m, 0)
		must(f, err)
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, w := range []words{fromFetchProcess, toFetchProcess} {
			m, fds, err := w.decode(frame)
			if err != nil || m == nil {
				continue
			}
			again, err := encode(m, fds)
			must(t, err)
			m2, _, err := w.decode(again)
			if err != nil || m2.kind() != m.kind() {
				t.Fatalf("decode(%q) = %#v; said again it is %#v, %v", frame, m, m2, err)
			}
		}
	})
}
