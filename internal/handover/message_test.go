//go:build unix

package handover

import (
	"reflect"
	"testing"
	"time"
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
