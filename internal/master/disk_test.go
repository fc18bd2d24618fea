//go:build unix

package master

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestDiskWorksInOrder(t *testing.T) {
	d := newDisk()
	var done []int
	for i := range 100 {
		d.do(func() { done = append(done, i) })
	}
	d.close(time.Minute)
	if len(done) != 100 || !slices.IsSorted(done) {
		t.Errorf("done %v, want 0 to 99 in order", done)
	}
	d.do(func() { t.Error("a function ran after close") })
}

func TestDiskThatHangsDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		release := make(chan struct{})
		d.do(func() { <-release })
		began := time.Now()
		d.close(10 * time.Second)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("close took %v, want 10s", took)
		}
		close(release)
	})
}
