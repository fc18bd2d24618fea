//go:build unix

package item

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestItemIsWithOneGeneration hands items over that are withdrawn at any moment,
// to generations that begin, drain and die meanwhile. Each item that Hand has
// handed over was taken once, and each that it has not, never.
func TestItemIsWithOneGeneration(t *testing.T) {
	generations, givers, each := 30, 100, 30
	if testing.Short() {
		generations, givers, each = 8, 50, 10
	}
	h := newHouse(t)
	var mu sync.Mutex
	took := map[string]int{}
	var takers sync.WaitGroup
	begin := func() *Taker {
		var taker Taker
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
				mu.Lock()
				took[it.Name]++
				mu.Unlock()
			}
		})
		return &taker
	}
	live := begin()
	h.live(1, live)

	handed := make(chan string, givers*each)
	kept := make(chan string, givers*each)
	var all sync.WaitGroup
	for g := range givers {
		all.Go(func() {
			for n := range each {
				name := fmt.Sprintf("%d of %d", n, g)
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(5*time.Millisecond))
				if err := h.giver.Hand(ctx, Item{Name: name}); err == nil {
					handed <- name
				} else {
					kept <- name
				}
				cancel()
			}
		})
	}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for g := 2; g <= generations; g++ {
		select {
		case <-tick.C: // so that each generation takes some
		case <-done:
		}
		old := live
		live = begin()
		h.live(g, live)
		if g%2 == 0 {
			h.kill(g - 1)
		}
		old.Close()
	}
	next(t, done)
	live.Close()
	takers.Wait()
	close(handed)
	close(kept)
	for name := range handed {
		if took[name] != 1 {
			t.Errorf("item %s was handed over, and taken %d times", name, took[name])
		}
	}
	for name := range kept {
		if took[name] != 0 {
			t.Errorf("item %s was kept, and taken %d times", name, took[name])
		}
	}
	t.Logf("%d of %d items were taken", len(took), givers*each)
}
