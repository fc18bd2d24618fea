//go:build unix

package isolate

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A liar is a fetch process in the hands of an attacker: it speaks the
// conversation in raw frames.
type liar struct{ c *net.UnixConn }

func (l liar) raw(b []byte, fds ...int) {
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	l.c.WriteMsgUnix(b, oob, nil) // in vain: the master has hung up, as it should
}

// say writes a frame; body is JSON.
func (l liar) say(kind, body string, fds ...int) {
	text, err := json.Marshal(map[string]any{"type": kind, "fds": len(fds), "body": json.RawMessage(body)})
	if err != nil {
		panic(err)
	}
	l.raw(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...), fds...)
}

// hear waits for a message of a kind and returns the descriptor that comes with
// it.
func (l liar) hear(kind string) *os.File {
	buf, oob := make([]byte, 64<<10), make([]byte, 1<<10)
	for {
		n, oobn, _, _, err := l.c.ReadMsgUnix(buf, oob)
		if err != nil || n == 0 {
			os.Exit(0)
		}
		if !strings.Contains(string(buf[:n]), `"type":"`+kind+`"`) {
			continue
		}
		messages, _ := unix.ParseSocketControlMessage(oob[:oobn])
		for i := range messages {
			if fds, err := unix.ParseUnixRights(&messages[i]); err == nil && len(fds) > 0 {
				return os.NewFile(uintptr(fds[0]), "pipe")
			}
		}
		return nil
	}
}

// lying registers a liar that has settled.
func lying(name string, lie func(l liar)) string {
	children[name] = func(in handover.Inherited) error {
		c, err := net.FileConn(in.Control)
		if err != nil {
			return err
		}
		in.Control.Close() // c has a duplicate
		l := liar{c.(*net.UnixConn)}
		if name != "settles twice" && name != "never settles" {
			l.say("settled", "{}")
		}
		lie(l)
		l.hear("the end")
		return nil
	}
	return name
}

// offers is a liar that offers something and writes other bytes.
func offers(name, offer string, write func(w io.Writer)) string {
	return lying(name, func(l liar) {
		l.hear("fetch")
		l.say("offer", offer)
		if pipe := l.hear("bring"); pipe != nil {
			write(pipe)
			pipe.Close()
			l.say("brought", `{"id":1}`)
		}
	})
}

func zeros(w io.Writer) {
	for b := make([]byte, 64<<10); ; {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func hello(w io.Writer) { io.WriteString(w, "hello") }

const someDigest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of hello

var lies = []struct {
	name string // of the child
	says string // part of the error
	is   error  // or what it matches
	ends bool   // the process is ended for it
}{
	{offers("other bytes than vouched for", `{"id":1,"digest":"`+strings.Repeat("ab", 32)+`"}`, hello), "", store.ErrDigest, false},
	{offers("more bytes than announced", `{"id":1,"size":5}`, zeros), "", store.ErrSize, false},
	{offers("fewer bytes than announced", `{"id":1,"size":6}`, hello), "", store.ErrSize, false},
	{offers("no bytes", `{"id":1}`, func(io.Writer) {}), "", store.ErrSize, false},
	{offers("bytes without end", `{"id":1}`, zeros), "", store.ErrTooLarge, false},
	{offers("a size beyond all bounds", `{"id":1,"size":9223372036854775807}`, zeros), "", store.ErrTooLarge, false},
	{offers("a quarantined digest", `{"id":1,"digest":"`+someDigest+`"}`, hello), "", store.ErrQuarantined, false},
	{offers("quarantined bytes, unannounced", `{"id":1}`, hello), "", store.ErrQuarantined, false},
	{offers("a negative size", `{"id":1,"size":-5}`, hello), "-5 bytes", nil, true},
	{offers("a digest that is none", `{"id":1,"digest":"../../x"}`, hello), "vouches for no digest", nil, true},
	{offers("an offer that is none", `{"id":"1"}`, hello), "decode offer", nil, true},
	{lying("breaks off", func(l liar) {
		l.hear("fetch")
		l.say("offer", `{"id":1}`)
		hello(l.hear("bring"))
		os.Exit(7)
	}), "exited with code 7", nil, true},
	{lying("hangs up", func(l liar) { l.c.Close(); select {} }), "has hung up", nil, true},
	{lying("no frame", func(l liar) { l.raw([]byte("GET / HTTP/1.1\r\n\r\n")) }), "receive: frame of", nil, true},
	{lying("no JSON", func(l liar) { l.raw([]byte{0, 0, 0, 4, 1, 2, 3, 4}) }), "decode frame", nil, true},
	{lying("a huge frame", func(l liar) { l.raw([]byte{0x7f, 0xff, 0xff, 0xff}) }), "receive: frame of", nil, true},
	{lying("a descriptor with nothing", func(l liar) { l.raw([]byte{0, 0}, 0) }), "no frame announces", nil, true},
	{lying("descriptors with an offer", func(l liar) {
		l.hear("fetch")
		l.say("offer", `{"id":1}`, 0, 1, 2)
	}), "no frame announces", nil, true},
	{lying("descriptors that do not come", func(l liar) {
		text := `{"type":"alive","fds":3}`
		l.raw(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	}), "announces 3 descriptors", nil, true},
	{lying("answers without end", func(l liar) {
		for range 100 {
			l.say("offer", `{"id":77,"nothing":true}`)
		}
	}), "that nobody has asked for", nil, true},
	{lying("settles twice", func(l liar) { l.say("settled", "{}"); l.say("settled", "{}") }), "settled twice", nil, true},
	{lying("records without end", func(l liar) {
		for range 100 {
			l.say("keep", `{"data":"eA=="}`)
		}
	}), "that nobody has asked for", nil, true},
	{lying("recalls twice", func(l liar) {
		l.say("recall", `{"name":"app"}`)
		l.say("recall", `{"name":"app"}`)
	}), "a second record", nil, true},
	{lying("fails at great length", func(l liar) {
		l.hear("fetch")
		l.say("offer", `{"id":1,"failure":{"text":"`+strings.Repeat("x", 100<<10)+`"}}`)
	}), strings.Repeat("x", maxText) + "…", nil, false},
}

// Whatever a fetch process says: it is an error, nothing stands on the disk, the
// process is ended where it has broken the rules, and the next, honest one
// brings its release.
func TestLies(t *testing.T) {
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, lie.name, honestly)
			must(t, b.store.Quarantine(sum("hello"), "on purpose", time.Now().Add(time.Hour)))
			st, err := b.stage()
			if st != nil || err == nil || !strings.Contains(err.Error(), lie.says) || lie.is != nil && !errors.Is(err, lie.is) {
				t.Fatalf("staged %v, error %v; want one with %q that matches %v", st, err, lie.says, lie.is)
			}
			if len(err.Error()) > 2*maxText {
				t.Errorf("an error of %d bytes, want it cut", len(err.Error()))
			}
			first := b.processes()[0]
			if lie.ends {
				select {
				case <-first.Done():
				default:
					t.Fatalf("the process goes on after %v", err)
				}
			} else {
				first.Kill()
				<-first.Done()
				if _, err := b.stage(); err == nil || !strings.Contains(err.Error(), "ended by signal 9") {
					t.Fatalf("the fetch after the end of the process: %v, want it told", err)
				}
			}
			b.good()
			leaves(t, b)
		})
	}
}

// leaves reports what is left of downloads that failed.
func leaves(t *testing.T, b *bench) {
	t.Helper()
	entries, err := os.ReadDir(b.store.Dir())
	must(t, err)
	for _, e := range entries {
		if strings.Contains(e.Name(), "candidate") {
			t.Errorf("%q is left", e.Name())
		}
	}
}

var recallsOutside = lying("recalls what is outside", func(l liar) {
	l.hear("fetch")
	for _, name := range []string{"../lock", "", "a/b", strings.Repeat("x", 65)} {
		text, _ := json.Marshal(name)
		l.say("recall", fmt.Sprintf(`{"name":%s}`, text))
		l.hear("record")
	}
	l.say("offer", `{"id":1,"nothing":true}`)
})

// A record that is taken out of the state directory is named; nothing outside of
// it can be.
func TestRecordNames(t *testing.T) {
	t.Parallel()
	b := newBench(t, recallsOutside)
	if st, err := b.stage(); st != nil || err != nil {
		t.Fatalf("%v, %v; want each name refused, and the conversation to go on", st, err)
	}
}

var locksRecord = lying("locks a record", func(l liar) {
	l.hear("fetch")
	l.say("recall", `{"name":"app"}`)
})

// A record does not stay locked.
func TestLockedRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t, locksRecord, honestly)
	b.cfg.Hold = 100 * time.Millisecond
	if _, err := b.stage(); err == nil || !strings.Contains(err.Error(), "has locked a record") {
		t.Fatalf("error %v, want one that the record was locked for too long", err)
	}
	b.good()
}

var silent = []string{
	lying("never settles", func(liar) {}),
	lying("falls silent", func(l liar) { l.hear("fetch") }),
}

// A process that says nothing is ended, before it has settled and after.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, name := range silent {
		b := newBench(t, name, honestly)
		b.cfg.Ready, b.cfg.Silence = time.Second, time.Second
		if _, err := b.stage(); err == nil || !strings.Contains(err.Error(), "silent for too long") {
			t.Fatalf("%s: error %v, want one that it was silent", name, err)
		}
		b.cfg.Ready, b.cfg.Silence = time.Minute, time.Minute
		b.good()
	}
}
