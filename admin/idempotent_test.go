package admin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// keyed is an order with a key.
func keyed(url, key, body string) call {
	return call{"POST", url + "/v1/restart", map[string]string{"Authorization": bearer, "Content-Type": "application/json", "Idempotency-Key": key}, body}
}

// The same order with the same key is carried out once, also where both come at
// the same time, and answered alike.
func TestSameKeyAtTheSameTime(t *testing.T) {
	const calls = 20
	m := &slowMaster{Master: admintest.New(), entered: make(chan context.Context, calls), leave: make(chan struct{})}
	s := &service{admin.NewServer(m, admin.Options{}), m.Master}
	url := s.onTCP(t)
	bodies, again := make(chan string, calls), make(chan string, calls)
	var each sync.WaitGroup
	for range calls {
		each.Go(func() {
			resp, body := keyed(url, "key", `{"reason":"x"}`).do(t, "")
			bodies <- fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(body))
			again <- resp.Header.Get("Idempotency-Replayed")
		})
	}
	<-m.entered // one is being carried out, and others wait for it
	close(m.leave)
	each.Wait()
	replayed := 0
	for range calls {
		if got := <-bodies; got != `202 {"event":0}` {
			t.Errorf("got %s", got)
		}
		if <-again == "true" {
			replayed++
		}
	}
	if orders := m.Orders(); len(orders) != 1 || replayed != calls-1 {
		t.Errorf("the master had %d orders, %d answers were those of before; want 1 and %d", len(orders), replayed, calls-1)
	}
}

// A slowMaster has a restart wait.
type slowMaster struct {
	*admintest.Master
	entered chan context.Context
	leave   chan struct{}
}

func (m *slowMaster) Restart(ctx context.Context, o admin.Order) error {
	m.entered <- ctx
	select {
	case <-m.leave:
	case <-ctx.Done():
		return ctx.Err()
	}
	return m.Master.Restart(ctx, o)
}

func TestKeys(t *testing.T) {
	s := newService(admin.Bounds{})
	url := s.onTCP(t)
	path := s.onUnix(t)
	want := func(what string, c call, socket string, code, orders int) {
		t.Helper()
		resp, body := c.do(t, socket)
		if got := len(s.master.Orders()); resp.StatusCode != code || got != orders {
			t.Fatalf("%s: got %d %s and %d orders so far, want %d and %d", what, resp.StatusCode, body, got, code, orders)
		}
	}
	want("an order", keyed(url, "a", `{"reason":"x"}`), "", 202, 1)
	want("the same", keyed(url, "a", `{"reason":"x"}`), "", 202, 1)
	want("another body", keyed(url, "a", `{"reason":"y"}`), "", 422, 1)
	want("no body", keyed(url, "a", ""), "", 422, 1)
	other := keyed(url, "a", `{"reason":"x"}`)
	other.url = url + "/v1/upgrade"
	want("another order", other, "", 422, 1)
	want("another key", keyed(url, "b", `{"reason":"x"}`), "", 202, 2)
	want("somebody else", keyed("http://overseer", "a", `{"reason":"y"}`), path, 202, 3)

	s.master.Refuse("not now")
	want("refused", keyed(url, "c", ""), "", 409, 4)
	s.master.Refuse("")
	want("refused before", keyed(url, "c", ""), "", 409, 4)

	s.master.Fail(admin.ErrEnded)
	want("the master is going", keyed(url, "d", ""), "", 503, 4)
	s.master.Fail(nil)
	want("the next master", keyed(url, "d", ""), "", 202, 5)

	for i := range 255 {
		want("many", keyed(url, fmt.Sprint("key ", i), ""), "", 202, 6+i)
	}
	want("one of the last 256", keyed(url, "d", ""), "", 202, 260)
	want("one that is forgotten", keyed(url, "a", `{"reason":"x"}`), "", 202, 261)
}

// An order is carried out also where the one who gave it goes away.
func TestOrderOutlivesItsClient(t *testing.T) {
	m := &slowMaster{Master: admintest.New(), entered: make(chan context.Context, 1), leave: make(chan struct{})}
	s := &service{admin.NewServer(m, admin.Options{}), m.Master}
	c := admin.Dial(s.onUnix(t))
	ctx, cancel := context.WithCancel(bounded(t))
	gone := make(chan error, 1)
	go func() {
		_, err := c.Restart(ctx, admin.Order{})
		gone <- err
	}()
	<-m.entered
	cancel()
	if err := <-gone; err == nil {
		t.Error("a call whose context has ended succeeded")
	}
	if _, err := c.Status(bounded(t)); err != nil {
		t.Fatal(err)
	}
	close(m.leave)
	eventually(t, "the order is carried out", func() bool { return len(m.Orders()) == 1 })
}

// A refusal that passes by itself is no answer to keep: the same order with the
// same key is taken when it has passed. The client says which ones are such.
func TestPassingRefusalIsNotKept(t *testing.T) {
	s := newService(admin.Bounds{})
	url, path := s.onTCP(t), s.onUnix(t)
	s.master.RefuseFor(admin.Conflict{Reason: "in a moment", Passing: true})
	if resp, body := keyed(url, "a", "").do(t, ""); resp.StatusCode != 409 || !strings.Contains(body, `"passing":true`) {
		t.Errorf("%d %s, want 409 that passes", resp.StatusCode, body)
	}
	conflict, ok := errors.AsType[*admin.Conflict](second(admin.Dial(path).Restart(t.Context(), admin.Order{})))
	if !ok || !conflict.Passing || conflict.Reason != "in a moment" {
		t.Errorf("the client has %+v, want a conflict that passes", conflict)
	}
	s.master.Refuse("")
	if resp, body := keyed(url, "a", "").do(t, ""); resp.StatusCode != 202 {
		t.Errorf("%d %s, want 202", resp.StatusCode, body)
	}
	s.master.Refuse("not now")
	conflict, ok = errors.AsType[*admin.Conflict](second(admin.Dial(path).Restart(t.Context(), admin.Order{})))
	if !ok || conflict.Passing {
		t.Errorf("the client has %+v, want a conflict that stays", conflict)
	}
}

func second(_ admin.Accepted, err error) error { return err }
