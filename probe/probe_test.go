package probe_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/probe"
)

// patience bounds what must not hang; no test waits for it.
const patience = 20 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// piped is a target with one listener per program; each dial hands one end of
// a pipe to the program, which runs until the pipe is closed.
func piped(t *testing.T, programs ...func(net.Conn)) probe.Target {
	t.Helper()
	target := probe.Target{Generation: 7}
	for range programs {
		target.Addresses = append(target.Addresses, "127.0.0.1:3000")
	}
	target.Dial = func(_ context.Context, i int) (net.Conn, error) {
		near, far := net.Pipe()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			defer far.Close()
			programs[i](far)
		}()
		t.Cleanup(func() { near.Close(); <-gone })
		return near, nil
	}
	return target
}

// listening is a target whose private connections are real ones.
func listening(t *testing.T, network string, l net.Listener) probe.Target {
	t.Helper()
	return probe.Target{
		Generation: 7,
		Addresses:  []string{l.Addr().String()},
		Dial: func(ctx context.Context, _ int) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, l.Addr().String())
		},
	}
}

// check compares an error with the text it must contain; no text means nil.
func check(t *testing.T, err error, want ...string) {
	t.Helper()
	if len(want) == 0 || want[0] == "" {
		if err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		return
	}
	for _, text := range want {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Fatalf("got %v, want an error with %q", err, text)
		}
	}
}

var errSick = errors.New("sick")

func healthy(context.Context, probe.Target) error { return nil }
func sick(context.Context, probe.Target) error    { return errSick }

func TestOn(t *testing.T) {
	speaks := func(word string) func(net.Conn) {
		return func(c net.Conn) { c.Write([]byte(word)) }
	}
	target := piped(t, speaks("zero"), speaks("one"))
	target.Addresses = []string{"127.0.0.1:1", "127.0.0.1:2"}

	var heard, address string
	listen := func(ctx context.Context, only probe.Target) error {
		conn, err := only.Dial(ctx, 0)
		if err != nil {
			return err
		}
		defer conn.Close()
		buf := make([]byte, 8)
		n, err := conn.Read(buf)
		heard, address = string(buf[:n]), strings.Join(only.Addresses, " ")
		return err
	}
	check(t, probe.On(1, listen)(within(t), target))
	if heard != "one" || address != "127.0.0.1:2" {
		t.Fatalf("heard %q at %q, want the second listener only", heard, address)
	}

	astray := func(ctx context.Context, only probe.Target) error {
		_, err := only.Dial(ctx, 1)
		return err
	}
	check(t, probe.On(1, astray)(within(t), target), "listener 1: dial listener 1", "one listener")
	check(t, probe.On(2, healthy)(within(t), target), "generation 7 has 2 listener(s)")
	check(t, probe.On(-1, healthy)(within(t), target), "generation 7 has 2 listener(s)")

	if err := probe.On(0, sick)(within(t), target); !errors.Is(err, errSick) {
		t.Fatalf("got %v, want it to wrap the probe's error", err)
	}
}

func TestAll(t *testing.T) {
	for _, row := range []struct {
		name   string
		probes []probe.Probe
		want   []string
	}{
		{name: "of nothing passes"},
		{name: "all healthy", probes: []probe.Probe{healthy, healthy}},
		{name: "names the one that failed", probes: []probe.Probe{healthy, sick, healthy}, want: []string{"probe 2 of 3: sick"}},
		{name: "names every one", probes: []probe.Probe{sick, healthy, sick}, want: []string{"probe 1 of 3: sick", "probe 3 of 3: sick"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := probe.All(row.probes...)(within(t), probe.Target{})
			check(t, err, row.want...)
			if err != nil && !errors.Is(err, errSick) {
				t.Fatalf("got %v, want it to wrap the probe's error", err)
			}
		})
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t))
	cancels := func(context.Context, probe.Target) error { cancel(); return nil }
	err := probe.All(cancels, sick)(ctx, probe.Target{})
	check(t, err, "probe 2 of 2: not asked")
	if errors.Is(err, errSick) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want only the context's error", err)
	}
}
