package admin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

// An order says who gave it as far as that is proven; what the one who gave it
// says of itself stands behind that.
func TestActors(t *testing.T) {
	tcp := newService(admin.Bounds{})
	url := tcp.onTCP(t)
	unix := newService(admin.Bounds{})
	path := filepath.Join(shortDir(t), "admin.sock")
	unix.serve(t, listen(t, "unix", path), admin.Access{Token: secret})
	both := newService(admin.Bounds{})
	peer := filepath.Join(shortDir(t), "admin.sock")
	both.serve(t, listen(t, "unix", peer), admin.Access{Peer: true, Token: secret})
	me := admin.UserOf(os.Geteuid())
	for _, c := range []struct {
		name        string
		s           *service
		url, socket string
		body, want  string
	}{
		{"token", tcp, url, "", "", "token from 127.0.0.1"},
		{"token, for somebody", tcp, url, "", `{"actor":"alice"}`, "token from 127.0.0.1 for alice"},
		{"token, as somebody else", tcp, url, "", `{"actor":"uid 0 (root)"}`, "token from 127.0.0.1 for uid 0 (root)"},
		{"token on a unix socket", unix, "http://overseer", path, "", "token from the unix socket"},
		{"peer and token", both, "http://overseer", peer, `{"actor":"bob"}`, me + " for bob"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := map[string]string{"Authorization": bearer, "Content-Type": "application/json", "X-Forwarded-For": "192.0.2.1"}
			if resp, body := (call{"POST", c.url + "/v1/restart", header, c.body}).do(t, c.socket); resp.StatusCode != 202 {
				t.Fatalf("got %d %s", resp.StatusCode, body)
			}
			orders := c.s.master.Orders()
			if got := orders[len(orders)-1].Order.Actor; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUserOf(t *testing.T) {
	if got := admin.UserOf(0); os.Getuid() == 0 && got != "uid 0 (root)" {
		t.Errorf("got %q, want uid 0 (root)", got)
	}
	const nobodys = 1<<31 - 9
	if got, want := admin.UserOf(nobodys), fmt.Sprint("uid ", nobodys); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
