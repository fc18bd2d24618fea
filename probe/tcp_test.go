package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/seed-3d078585/overseer/probe"
)

func TestTCP(t *testing.T) {
	for _, row := range []struct {
		name    string
		program func(net.Conn)
		want    string
	}{
		{name: "waits for the client", program: func(c net.Conn) { io.Copy(io.Discard, c) }},
		{name: "speaks first", program: func(c net.Conn) { c.Write([]byte("220 ready\r\n")); io.Copy(io.Discard, c) }},
		{name: "speaks and closes", program: func(c net.Conn) { c.Write([]byte("x")) }},
		{name: "closes at once", program: func(c net.Conn) {}, want: "closed the connection at once"},
	} {
		t.Run(row.name, func(t *testing.T) {
			check(t, probe.TCP()(within(t), piped(t, row.program)), row.want)
		})
	}
}

func TestTCPReset(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	target := listening(t, "tcp", l)
	dial := target.Dial
	target.Dial = func(ctx context.Context, i int) (net.Conn, error) {
		near, err := dial(ctx, i)
		if err != nil {
			return nil, err
		}
		far, err := l.Accept()
		if err != nil {
			return nil, err
		}
		far.(*net.TCPConn).SetLinger(0) // closes with a reset
		return near, far.Close()
	}
	check(t, probe.TCP()(within(t), target), "the connection broke at once, without a byte")
}

func TestTCPEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t))
	target := piped(t, func(c net.Conn) {
		cancel() // the connection stands, and now the master gives up
		io.Copy(io.Discard, c)
	})
	if err := probe.TCP()(ctx, target); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
}

func TestDialFails(t *testing.T) {
	target := probe.Target{
		Addresses: []string{"127.0.0.1:3000"},
		Dial:      func(context.Context, int) (net.Conn, error) { return nil, errSick },
	}
	for name, p := range map[string]probe.Probe{"TCP": probe.TCP(), "HTTP": probe.HTTP("/")} {
		err := p(within(t), target)
		if !errors.Is(err, errSick) {
			t.Errorf("%s: got %v, want it to wrap %v", name, err, errSick)
		}
		check(t, err, `probe "127.0.0.1:3000"`, "dial")
	}
}
