package demo

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		thousands(0):                            "0",
		thousands(999):                          "999",
		thousands(1000):                         "1,000",
		thousands(1234567):                      "1,234,567",
		thousands(-1000):                        "-1,000",
		thousands(-100):                         "-100",
		count(1, "process"):                     "1 process",
		count(2, "process"):                     "2 processes",
		count(0, "request"):                     "0 requests",
		short(1234 * time.Microsecond):          "1.2 ms",
		short(23*time.Millisecond + 1):          "23 ms",
		short(2 * time.Second):                  "2000 ms",
		excerpt("panic: x\n\ngoroutine 1 [r]:"): "panic: x",
		excerpt(""):                             "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEventsAreReadToTheEnd(t *testing.T) {
	log := `{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"live","generation":2,"release":"abc","reason":"put back"}
a line of another kind
`
	events := make(chan event)
	quit := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		readEvents(strings.NewReader(log+strings.Repeat("x\n", 100)), events, quit)
	}()
	if e := <-events; e.Kind != kindLive || e.Generation != 2 || e.Release != "abc" || e.Reason != "put back" {
		t.Errorf("first record is read as %+v", e)
	}
	if e := <-events; e.Kind != "a line of another kind" {
		t.Errorf("second line is read as %+v", e)
	}
	close(quit)
	<-done // although nobody takes the rest
}

func TestTailKeepsTheEnd(t *testing.T) {
	var said tail
	for range 3 {
		said.Write(bytes.Repeat([]byte("x"), maxTail/2))
	}
	said.Write([]byte("end"))
	if got := said.String(); len(got) != maxTail || !strings.HasSuffix(got, "xend") {
		t.Errorf("kept %d bytes that end with %q", len(got), got[len(got)-4:])
	}
}

// On what is no terminal there is no escape sequence, and lines stay.
func TestPlainScreen(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	s.status("one")
	s.event(red, "✗", "two")
	s.status("three")
	s.settle()
	if got := out.String(); strings.ContainsAny(got, "\x1b\r") || strings.Count(got, "\n") != 3 {
		t.Errorf("wrote %q", got)
	}
}
