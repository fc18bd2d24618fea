//go:build unix

package item

import (
	"net"
	"sync"
	"testing"
)

// BenchmarkHand hands one connection over and over, as many goroutines as a way
// has room for.
func BenchmarkHand(b *testing.B) {
	h := newHouse(b)
	var taker Taker
	h.live(1, &taker)
	var takers sync.WaitGroup
	takers.Go(func() {
		for {
			it, wait, err := taker.Take()
			if err != nil {
				return
			}
			if wait != nil {
				<-wait
				continue
			}
			it.Close()
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	must(b, err)
	defer conn.Close()
	b.ReportAllocs()
	b.SetParallelism(Window)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := h.giver.Hand(b.Context(), Item{Conn: conn}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	taker.Close()
	takers.Wait()
}
