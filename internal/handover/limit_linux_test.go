package handover

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// noMoreDescriptors keeps this process from opening any, until it is called back.
func noMoreDescriptors(t *testing.T) (more func()) {
	t.Helper()
	var old unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: old.Max}))
	more = func() { must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &old)) }
	t.Cleanup(more)
	return more
}

// A worker that has used up its descriptors fails its probe, and its conversation
// goes on: the end of that would be its own, a second later, with all its requests.
func TestProbeOfAProcessWithTooManyDescriptors(t *testing.T) {
	master, worker := conversation(t)
	must(t, master.Send(Private{Socket: 1}, 0))
	must(t, master.Send(Pause{Sockets: []int{1}}))
	must(t, master.Send(Private{Socket: 2}, 0))
	more := noMoreDescriptors(t)
	m, files, err := worker.Receive()
	more()
	if err != nil || m != (Private{Socket: 1}) || len(files) != 0 {
		t.Fatalf("Receive = %#v, %d files, %v; want the probe without its descriptor", m, len(files), err)
	}
	if m, _, err := worker.Receive(); err != nil || m.kind() != "pause" {
		t.Fatalf("Receive = %#v, %v; want what came after it", m, err)
	}
	if m, files, err := worker.Receive(); err != nil || m != (Private{Socket: 2}) || len(files) != 1 {
		t.Fatalf("Receive = %#v, %d files, %v; want the next probe with its descriptor", m, len(files), err)
	} else {
		closeAll(files)
	}
}

// The end of a way that could not be taken fails what was to go over it, on either
// side, and its other end hears it.
func TestWaysOfAProcessWithTooManyDescriptors(t *testing.T) {
	for name, message := range map[string]Message{"master": Bequeath{ID: 3}, "heir": Bequest{Generation: 3}} {
		t.Run(name, func(t *testing.T) {
			sender, receiver := conversation(t)
			if name == "master" {
				sender, receiver = receiver, sender
			}
			fds, err := socketpair()
			must(t, err)
			end, other := os.NewFile(uintptr(fds[0]), "end"), os.NewFile(uintptr(fds[1]), "other end")
			defer other.Close()
			must(t, sender.Send(message, int(end.Fd())))
			end.Close()
			must(t, sender.Send(Pong{ID: 4}))
			more := noMoreDescriptors(t)
			m, files, err := receiver.Receive()
			more()
			if err != nil || m != message || len(files) != 0 {
				t.Fatalf("Receive = %#v, %d files, %v; want %#v without its descriptor", m, len(files), err, message)
			}
			if n, err := other.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("the other end reads %d bytes, %v; want that it has gone", n, err)
			}
			if m, _, err := receiver.Receive(); err != nil || m != (Pong{ID: 4}) {
				t.Fatalf("Receive = %#v, %v; want what came after it", m, err)
			}
		})
	}
}

// Sockets that did not come are the end.
func TestSocketsOfAProcessWithTooManyDescriptors(t *testing.T) {
	master, worker := conversation(t)
	must(t, master.Send(Sockets{Sockets: []Socket{{Network: "tcp"}}}, 0))
	more := noMoreDescriptors(t)
	_, _, err := worker.Receive()
	more()
	if err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Fatalf("Receive = %v, want an error with what to do", err)
	}
}
