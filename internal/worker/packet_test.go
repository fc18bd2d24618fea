//go:build unix

package worker

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/socket"
)

func bindPacket(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func sharedPacket(t *testing.T, s *net.UDPConn) *PacketConn {
	t.Helper()
	inner, err := socket.FilePacketConn("udp", share(t, s))
	must(t, err)
	p := newPacketConn(inner, 0, func(int) {})
	t.Cleanup(func() { p.Close() })
	return p
}

func send(t *testing.T, s *net.UDPConn, text string) {
	t.Helper()
	c, err := net.Dial("udp", s.LocalAddr().String())
	must(t, err)
	defer c.Close()
	_, err = c.Write([]byte(text))
	must(t, err)
}

type datagram struct {
	text string
	err  error
}

// ways are all the ways to read from a PacketConn.
var ways = map[string]func(*PacketConn, []byte) (int, error){
	"Read":     func(p *PacketConn, b []byte) (int, error) { return p.Read(b) },
	"ReadFrom": func(p *PacketConn, b []byte) (int, error) { n, _, err := p.ReadFrom(b); return n, err },
	"ReadFromUDP": func(p *PacketConn, b []byte) (int, error) {
		n, _, err := p.ReadFromUDP(b)
		return n, err
	},
	"ReadFromUDPAddrPort": func(p *PacketConn, b []byte) (int, error) { n, _, err := p.ReadFromUDPAddrPort(b); return n, err },
	"ReadMsgUDP": func(p *PacketConn, b []byte) (int, error) {
		n, _, _, _, err := p.ReadMsgUDP(b, nil)
		return n, err
	},
	"ReadMsgUDPAddrPort": func(p *PacketConn, b []byte) (int, error) {
		n, _, _, _, err := p.ReadMsgUDPAddrPort(b, nil)
		return n, err
	},
}

func reading(p *PacketConn, way func(*PacketConn, []byte) (int, error)) <-chan datagram {
	c := make(chan datagram, 1)
	go func() {
		b := make([]byte, 100)
		n, err := way(p, b)
		c <- datagram{string(b[:max(n, 0)]), err} // package net may return -1
	}()
	return c
}

func TestReadsWaitForTheirGeneration(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			s := bindPacket(t)
			p := sharedPacket(t, s)
			got := reading(p, way)
			send(t, s, "one")
			silent(t, got, "a held generation read")
			p.open()
			if d := next(t, got, "a datagram"); d.err != nil || d.text != "one" {
				t.Fatalf("read %+v; want one", d)
			}
			got = reading(p, way)
			p.pause()
			send(t, s, "two")
			silent(t, got, "a paused generation read")
			p.open()
			if d := next(t, got, "a datagram"); d.err != nil || d.text != "two" {
				t.Fatalf("read %+v; want two", d)
			}
			got = reading(p, way)
			p.drain(false)
			if d := next(t, got, "the end"); !errors.Is(d.err, net.ErrClosed) {
				t.Fatalf("read %+v; want net.ErrClosed", d)
			}
			p.open()
			if d := next(t, reading(p, way), "the end"); !errors.Is(d.err, net.ErrClosed) {
				t.Fatalf("read %+v of a drained generation; want net.ErrClosed", d)
			}
		})
	}
}

func TestWritesGoOn(t *testing.T) {
	s := bindPacket(t)
	p := sharedPacket(t, s)
	client := bindPacket(t)
	must(t, client.SetReadDeadline(time.Now().Add(patience)))
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"held", func() {}},
		{"open", p.open},
		{"paused", p.pause},
		{"drained", func() { p.drain(false) }},
	} {
		step.do()
		if _, err := p.WriteTo([]byte(step.name), client.LocalAddr()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		b := make([]byte, 100)
		n, err := client.Read(b)
		if err != nil || string(b[:n]) != step.name {
			t.Fatalf("client got %q, %v; want %q", b[:n], err, step.name)
		}
	}
}

func TestTheProgramsDeadlines(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(*PacketConn)
	}{
		{"held", func(*PacketConn) {}},
		{"open", func(p *PacketConn) { p.open() }},
		{"paused", func(p *PacketConn) { p.open(); p.pause() }},
		{"open again", func(p *PacketConn) { p.open(); p.pause(); p.open() }},
	} {
		for _, set := range []struct {
			name string
			do   func(*PacketConn, time.Time) error
		}{
			{"SetReadDeadline", (*PacketConn).SetReadDeadline},
			{"SetDeadline", (*PacketConn).SetDeadline},
		} {
			t.Run(row.name+" "+set.name, func(t *testing.T) {
				s := bindPacket(t)
				p := sharedPacket(t, s)
				row.prepare(p)
				must(t, set.do(p, time.Now().Add(time.Millisecond)))
				wantTimeout(t, next(t, reading(p, ways["ReadFrom"]), "a deadline set before the read"))

				must(t, set.do(p, time.Time{}))
				got := reading(p, ways["ReadFrom"])
				must(t, set.do(p, time.Now().Add(time.Millisecond)))
				wantTimeout(t, next(t, got, "a deadline set during the read"))

				// A deadline in the future neither ends a read nor is lost by a pause.
				must(t, set.do(p, time.Now().Add(patience)))
				got = reading(p, ways["ReadFrom"])
				p.pause()
				p.open()
				send(t, s, "in time")
				if d := next(t, got, "a datagram"); d.err != nil || d.text != "in time" {
					t.Fatalf("read %+v; want the datagram", d)
				}
				p.pause()
				must(t, set.do(p, time.Now().Add(time.Millisecond)))
				p.open()
				wantTimeout(t, next(t, reading(p, ways["ReadFrom"]), "a deadline set during the pause"))
			})
		}
	}
}

func wantTimeout(t *testing.T, d datagram) {
	t.Helper()
	var timeout net.Error
	if !errors.Is(d.err, os.ErrDeadlineExceeded) || !errors.As(d.err, &timeout) || !timeout.Timeout() {
		t.Fatalf("read %+v; want a timeout", d)
	}
}

func TestPacketConnCloseWakesReads(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(*PacketConn)
	}{
		{"held", func(*PacketConn) {}},
		{"open", func(p *PacketConn) { p.open() }},
		{"paused", func(p *PacketConn) { p.open(); p.pause() }},
		{"drained", func(p *PacketConn) { p.drain(true) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := sharedPacket(t, bindPacket(t))
			row.prepare(p)
			got := reading(p, ways["ReadFrom"])
			must(t, p.Close())
			if d := next(t, got, "the end of the read"); !errors.Is(d.err, net.ErrClosed) {
				t.Fatalf("read %+v; want net.ErrClosed", d)
			}
			if err := p.Close(); !errors.Is(err, net.ErrClosed) {
				t.Fatalf("the second Close = %v; want net.ErrClosed", err)
			}
		})
	}
}

func TestFirstReadIsToldOnce(t *testing.T) {
	var told atomic.Int32
	p := newPacketConn(bindPacket(t), 5, func(index int) { told.Add(int32(index)) })
	p.drain(false)
	for range 3 {
		p.ReadFrom(make([]byte, 1))
	}
	if told.Load() != 5 {
		t.Fatalf("told %d; want socket 5 once", told.Load())
	}
}

func TestPacketsAreSharedOverManyTurns(t *testing.T) {
	s := bindPacket(t)
	gens := [2]*PacketConn{sharedPacket(t, s), sharedPacket(t, s)}
	got := make(chan string, 1)
	for _, p := range gens {
		go func() {
			b := make([]byte, 100)
			for {
				n, _, err := p.ReadFrom(b)
				if err != nil {
					return
				}
				got <- string(b[:n])
			}
		}()
	}
	gens[0].open()
	for turn := range 300 {
		old, young := gens[turn%2], gens[(turn+1)%2]
		send(t, s, "x")
		young.open()
		old.pause()
		next(t, got, "the datagram")
	}
}
