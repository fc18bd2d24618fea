package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"
)

// skew is what the clock of this process goes ahead: nothing, but in a service that
// was built with -jumps.
var skew = func() time.Duration { return 0 }

// wallTime is what the driver would say that it is.
func wallTime() time.Time { return time.Now().Add(-skew()) }

// jumps are so long that no run is, so that a time tells by which one it was taken;
// and not so long that a quarantine, which is for a day, would end by two.
var jumps = []time.Duration{11 * time.Hour, -11 * time.Hour, 6 * time.Hour, -5 * time.Hour}

// unskewed returns when it was, on the driver's clock, that a clock said so.
func (h *host) unskewed(t time.Time) time.Time {
	for _, jump := range jumps {
		if real := t.Add(-jump); real.After(h.story.began.Add(-time.Hour)) && real.Before(time.Now().Add(time.Hour)) {
			return real
		}
	}
	return t
}

// clock is the file of the skew.
func (h *host) clock() string { return filepath.Join(h.dir, "clock") }

// jump has the wall clock of the service say something else for a while.
func (h *host) jump(s step) error {
	if !h.jumps {
		return skipped("the clock jumps with -jumps only")
	}
	if !h.jumping.TryLock() {
		return skipped("the clock has jumped already")
	}
	defer h.jumping.Unlock()
	if err := h.setClock(jumps[s.Number%len(jumps)]); err != nil {
		return err
	}
	time.Sleep(s.For)
	return h.setClock(0)
}

// setClock writes into the file that the processes of the service have mapped.
func (h *host) setClock(ahead time.Duration) error {
	f, err := os.OpenFile(h.clock(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(ahead/time.Second)), 0)
	return err
}
