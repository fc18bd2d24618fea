package handover

import (
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
