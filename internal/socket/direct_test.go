package socket

import (
	"errors"
	"strings"
	"testing"
)

func TestDirectListener(t *testing.T) { testDirectListener(t, "127.0.0.1:0") }

// testDirectListener binds an address, is refused while it is bound, and finds
// it free again after Close.
func testDirectListener(t *testing.T, spec string) {
	t.Helper()
	a := parsed(t, spec)
	for range 2 {
		ln, err := DirectListener(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DirectListener(t.Context(), parsed(t, a.Resolved(ln.Addr()))); !errors.Is(err, ErrInUse) {
			t.Errorf("bound twice: %v; want ErrInUse", err)
		}
		dial(t, ln.Addr().Network(), ln.Addr().String())
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDirectPacketConn(t *testing.T) {
	conn, err := DirectPacketConn(t.Context(), parsed(t, "udp://127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDirectRefusesTheOtherKind(t *testing.T) {
	if ln, err := DirectListener(t.Context(), parsed(t, "udp://127.0.0.1:0")); err == nil || !strings.Contains(err.Error(), "no listener") {
		t.Errorf("DirectListener = %v, %v; want an error", ln, err)
	}
	if conn, err := DirectPacketConn(t.Context(), parsed(t, "127.0.0.1:0")); err == nil || !strings.Contains(err.Error(), "no packet connection") {
		t.Errorf("DirectPacketConn = %v, %v; want an error", conn, err)
	}
}
