package admin_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

func TestWholePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	m := admintest.New()
	s := admin.NewServer(m, admin.Options{})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l, admin.Access{Peer: true}) }()
	c := admin.Dial(path)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	st, err := c.Status(ctx)
	if err != nil || st.Name != "app" {
		t.Fatal(st, err)
	}
	str, err := c.Follow(ctx, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Restart(ctx, admin.Order{Actor: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		msg, err := str.Next()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v %+v %+v", a, msg.Event, msg.Sample)
	}
	s.Close(time.Second)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
