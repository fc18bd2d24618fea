package admin_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// Each order comes to the master as it was given, with who gave it.
func TestClientOrders(t *testing.T) {
	s := newService(admin.Bounds{})
	s.master.SetQuarantine(admin.Entry{Digest: digest})
	s.master.Emit(admin.Event{Kind: admin.Live})
	c := admin.Dial(s.onUnix(t))
	ctx := bounded(t)
	until := time.Now().Add(time.Hour).Round(0)
	o := admin.Order{Actor: "alice", Reason: "two\nlines", Generation: 1, Trace: trace}
	want := o
	want.Actor = admin.UserOf(os.Geteuid()) + " for alice"
	for i, one := range []struct {
		give func() (admin.Accepted, error)
		want admintest.Ordered
	}{
		{func() (admin.Accepted, error) { return c.Restart(ctx, o) }, admintest.Ordered{Name: "Restart"}},
		{func() (admin.Accepted, error) { return c.Upgrade(ctx, o) }, admintest.Ordered{Name: "Upgrade"}},
		{func() (admin.Accepted, error) { return c.Rollback(ctx, o, admin.ToStandby) }, admintest.Ordered{Name: "Rollback", To: admin.ToStandby}},
		{func() (admin.Accepted, error) { return c.Hold(ctx, o, until) }, admintest.Ordered{Name: "Hold", Until: until}},
		{func() (admin.Accepted, error) { return c.Hold(ctx, o, time.Time{}) }, admintest.Ordered{Name: "Hold"}},
		{func() (admin.Accepted, error) { return c.Release(ctx, o) }, admintest.Ordered{Name: "Release"}},
		{func() (admin.Accepted, error) { return c.Forget(ctx, o, digest) }, admintest.Ordered{Name: "Forget", Digest: digest}},
		{func() (admin.Accepted, error) { return c.SetLogLevel(ctx, o, "debug") }, admintest.Ordered{Name: "SetLogLevel", Level: "debug"}},
	} {
		one.want.Order = want
		a, err := one.give()
		if err != nil || a.Event != uint64(i+1) {
			t.Errorf("%s: got %+v, error %v, want event %d", one.want.Name, a, err, i+1)
			continue
		}
		orders := s.master.Orders()
		got := orders[len(orders)-1]
		if !got.Until.Equal(one.want.Until) {
			t.Errorf("%s: until %v, want %v", got.Name, got.Until, one.want.Until)
		}
		got.Until = one.want.Until
		if got != one.want {
			t.Errorf("got  %+v\nwant %+v", got, one.want)
		}
	}
	var conflict *admin.Conflict
	if _, err := c.Restart(ctx, admin.Order{Generation: 9}); !errors.As(err, &conflict) || conflict.Reason == "" {
		t.Errorf("another generation: got %v, want a Conflict", err)
	}
	if _, err := c.Forget(ctx, admin.Order{}, digest); !errors.Is(err, admin.ErrNotFound) {
		t.Errorf("what is in no quarantine: got %v, want ErrNotFound", err)
	}
	if _, err := c.Rollback(ctx, admin.Order{}, "nowhere"); statusOf(err) != http.StatusBadRequest {
		t.Errorf("back to nowhere: got %v, want 400", err)
	}
	if _, err := c.Forget(ctx, admin.Order{}, "../hold?x"); statusOf(err) != http.StatusBadRequest {
		t.Errorf("a digest that is a path: got %v, want 400", err)
	}
}

// What the client reads is what the master has.
func TestClientReads(t *testing.T) {
	s := richService(admin.Bounds{})
	for _, url := range []string{"", s.onTCP(t)} {
		c := admin.NewClient(admin.Remote{URL: url, Token: secret})
		if url == "" {
			c = admin.Dial(s.onUnix(t))
		}
		ctx := bounded(t)
		status, err := c.Status(ctx)
		want, _ := s.master.Status(ctx)
		want.Time = status.Time
		if err != nil || !reflect.DeepEqual(status, want) {
			t.Errorf("Status: got %+v, error %v\nwant %+v", status, err, want)
		}
		if sample, err := c.Sample(ctx); err != nil || len(sample.Generations) != 2 || sample.Time.IsZero() {
			t.Errorf("Sample: got %+v, error %v", sample, err)
		}
		if all, err := c.History(ctx, 1); err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], fullOf[admin.Attempt]()) {
			t.Errorf("History: got %+v, error %v", all, err)
		}
		if all, err := c.Quarantine(ctx); err != nil || len(all) != 2 || all[0].Digest != digest {
			t.Errorf("Quarantine: got %+v, error %v", all, err)
		}
		if all, known, err := c.Events(ctx, 1, 2); err != nil || !known || len(all) != 2 || all[0].ID != 3 || all[1].ID != 4 {
			t.Errorf("Events: got %+v, %v, error %v", all, known, err)
		}
		if all, known, err := c.Events(ctx, 4, 2); err != nil || !known || len(all) != 0 {
			t.Errorf("Events behind the newest: got %+v, %v, error %v", all, known, err)
		}
	}
}

// What is no server of this package is told apart.
func TestClientMeetsOthers(t *testing.T) {
	var code int
	var body, kind string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}))
	defer other.Close()
	c := admin.NewClient(admin.Remote{URL: other.URL + "/"})
	for _, one := range []struct {
		code  int
		body  string
		match error
		want  string // part of the error
	}{
		{200, "<html>", nil, "is this the socket of a master"},
		{404, `{"error":"nothing here"}`, admin.ErrNotFound, "nothing here"},
		{410, `{"error":"too late"}`, admin.ErrBehind, "too late"},
		{410, `{"error":"` + admin.ErrBehind.Error() + `"}`, admin.ErrBehind, "too far behind"},
		{302, "", nil, "found (HTTP 302)"},
		{502, "<html>", nil, "bad gateway (HTTP 502)"},
		{200, strings.Repeat(" ", 64<<20+1), nil, "more than"},
	} {
		code, body = one.code, one.body
		_, err := c.Status(bounded(t))
		if err == nil || !strings.Contains(err.Error(), one.want) || one.match != nil && !errors.Is(err, one.match) {
			t.Errorf("%d %.20q: got %v, want %q", one.code, one.body, err, one.want)
		}
	}
	code = 200
	for _, one := range []struct{ kind, body, want string }{
		{"text/html", "", "is this the address of a master"},
		{"text/event-stream", "event: event\ndata: {\n\n", "cannot be read"},
		{"text/event-stream", "data: " + strings.Repeat("x", 5<<20) + "\n\n", "cannot be read"},
		{"text/event-stream", strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n", 5) + "\n", "cannot be read"},
	} {
		kind, body = one.kind, one.body
		stream, err := c.Follow(bounded(t), 0, false)
		if err == nil {
			_, err = stream.Next()
			stream.Close()
		}
		if err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%s %.20q: got %v, want %q", one.kind, one.body, err, one.want)
		}
	}
}

// Kinds of messages that a newer server may have are passed over.
func TestClientPassesOver(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\n\nevent: news\ndata: x\n\nevent:event\ndata: {\"id\":7,\ndata:\"new\":1}\n\n")
	}))
	defer other.Close()
	stream, err := admin.NewClient(admin.Remote{URL: other.URL}).Follow(bounded(t), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if m := next(t, stream); m.Event == nil || m.Event.ID != 7 {
		t.Errorf("got %+v, want event 7", m)
	}
}

// Close ends a Next that waits, and the context does.
func TestStreamCloses(t *testing.T) {
	c := admin.Dial(newService(admin.Bounds{}).onUnix(t))
	stream, err := c.Follow(bounded(t), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := stream.Next()
		done <- err
	}()
	stream.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: got %v, want net.ErrClosed", err)
	}
	stream.Close()
}

func TestRemoteIsRefused(t *testing.T) {
	for _, c := range []struct {
		remote admin.Remote
		want   string
	}{
		{admin.Remote{}, "no address of a master"},
		{admin.Remote{URL: "localhost:80"}, "no address of a master"},
		{admin.Remote{URL: "ftp://localhost"}, "no address of a master"},
		{admin.Remote{URL: "http://%zz"}, "invalid"},
		{admin.Remote{URL: "http://example.com", Token: "x"}, "use https"},
		{admin.Remote{URL: "http://192.0.2.1", Token: "x"}, "use https"},
	} {
		if _, err := admin.NewClient(c.remote).Status(bounded(t)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.remote, err, c.want)
		}
	}
}

// A socket that is not there, or that nobody listens on, is told by its path.
func TestNobodyListens(t *testing.T) {
	path := filepath.Join(shortDir(t), "admin.sock")
	if _, err := admin.Dial(path).Status(bounded(t)); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want os.ErrNotExist with the path", err)
	}
}
