package worker

import (
	"net"
	"sync"
	"testing"
)

// counted is a connection that only its Close is asked of.
type counted struct {
	net.Conn
	entry
	closed int
}

func (c *counted) Close() error { c.closed++; c.leave(); return nil }

func TestTallyCountsOnce(t *testing.T) {
	var tl tally
	var conns []*counted
	for range 5 {
		c := &counted{}
		tl.enter(&c.entry, c)
		conns = append(conns, c)
	}
	none := tl.none()
	for _, i := range []int{2, 0, 4, 2, 2, 0} { // middle, last, first; and again
		conns[i].leave()
	}
	if tl.open != 2 {
		t.Fatalf("%d are open; want 2", tl.open)
	}
	select {
	case <-none:
		t.Fatal("none is open, says the tally")
	default:
	}
	tl.closeAll()
	for i, c := range conns {
		if want := i % 2; c.closed != want { // 1 and 3 were left
			t.Errorf("connection %d was closed %d times; want %d", i, c.closed, want)
		}
	}
	<-none
	<-tl.none()
	tl.closeAll()
	if tl.open != 0 || tl.first != nil {
		t.Fatalf("the tally ends with %d, %v", tl.open, tl.first)
	}
}

func TestTallyWaitsForSources(t *testing.T) {
	var tl tally
	tl.begin()
	none := tl.none()
	c := &counted{}
	tl.enter(&c.entry, c)
	tl.end()
	select {
	case <-none:
		t.Fatal("none is open, says the tally")
	default:
	}
	c.leave()
	<-none
}

func TestTallyUnderManyHands(t *testing.T) {
	var tl tally
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				tl.begin()
				c := &counted{}
				tl.enter(&c.entry, c)
				tl.end()
				tl.none()
				c.leave()
				c.leave()
			}
		})
	}
	wg.Wait()
	<-tl.none()
}
