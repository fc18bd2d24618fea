package loadtest_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// TestPortsLast makes more connections than there are local ports. With the
// client's side in TIME_WAIT, each would be gone for a minute.
func TestPortsLast(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 60,000 connections")
	}
	address := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	load := start(t, loadtest.Config{Address: address, Mode: loadtest.NewConnection, Clients: 4, Requests: 60_000})
	select {
	case <-load.Done():
	case <-time.After(8 * patience): // a busy machine makes 1,000 a second
		t.Fatalf("the load did not end:\n%v", load.Snapshot())
	}
	got := load.Stop()
	t.Logf("\n%v", got)
	compare(t, got, 60_000, 60_000, nil)

	_, text, _ := net.SplitHostPort(address)
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := timeWaits(t, port)
	// The server's side is for the log only: when the kernel's table is full
	// (tcp_max_tw_buckets), it keeps none.
	t.Logf("in TIME_WAIT: %d on the client's side, %d on the server's", ours, theirs)
	if ours > 60 {
		t.Fatalf("%d connections are in TIME_WAIT on the client's side, want none", ours)
	}
}

// timeWaits counts the connections in TIME_WAIT on either side of the port of
// a server on 127.0.0.1, from proc_net_tcp(5).
func timeWaits(t *testing.T, port int) (client, server int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skipf("the sides in TIME_WAIT are not counted here: %v", err)
	}
	const timeWait = "06"
	side := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != timeWait {
			continue
		}
		if strings.HasSuffix(fields[1], side) {
			server++
		}
		if strings.HasSuffix(fields[2], side) {
			client++
		}
	}
	return client, server
}
