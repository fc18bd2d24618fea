package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/cli"
)

// TestPageOfTheCommand: the page that "overseer page" opens, by way of the unix
// socket: it follows events and gives orders.
func TestPageOfTheCommand(t *testing.T) {
	needBrowser(t)
	m := quiet()
	dir, err := os.MkdirTemp("", "e2e") // that of the test has no room in a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "admin.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skipf("no unix sockets here: %v", err)
	}
	serveOn(t, l, m, admin.Access{Peer: true})

	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- cli.Main(ctx, cli.Env{Program: "overseer", Stdout: in, Getenv: os.Getenv}, []string{"page", "--json", "--socket", path})
		in.Close()
	}()
	t.Cleanup(func() {
		stop()
		go io.Copy(io.Discard, out) // until the command is through
		if got := <-code; got != cli.ExitDone {
			t.Errorf("overseer page ends with %d, want %d", got, cli.ExitDone)
		}
	})
	var opened struct{ URL string }
	if err := json.NewDecoder(out).Decode(&opened); err != nil {
		t.Fatalf("overseer page --json: %v", err)
	}

	b := open(t, opened.URL, desktop)
	b.untilLive()
	b.untilText("#facts", "1.4.2")
	m.Emit(admin.Event{Kind: admin.Live, Reason: "by way of the socket"})
	b.untilText("#events > li:first-child", "by way of the socket")
	b.click("#order-restart")
	b.click("#confirm")
	b.untilText("#notice", "Restart: accepted")
	if all := m.Orders(); len(all) != 1 || all[0].Name != "Restart" {
		t.Errorf("the master was given %+v, want a restart", all)
	}
	b.allowFailures() // the end of the command cuts the page off
}
