package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// sampler asks for a sample each second, as long as a stream wants it.
func (h *hub) sampler(ctx context.Context) {
	tick := time.NewTicker(h.server.limits.sample)
	defer tick.Stop()
	for {
		if !h.samplesAreWanted() {
			select {
			case <-h.wanted:
				continue
			case <-ctx.Done():
				return
			}
		}
		h.take(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *hub) samplesAreWanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.streams {
		if l.samples {
			return true
		}
	}
	return false
}

// take has one sample written as bytes, for all streams.
func (h *hub) take(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, h.server.limits.master)
	defer cancel()
	sample, err := h.server.master.Sample(ctx)
	if err != nil {
		h.server.log.Debug("the master gives no sample", "error", err)
		return
	}
	data, err := json.Marshal(sample.whole())
	if err != nil {
		h.server.log.Error("a sample cannot be written as JSON", "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sample = frame{h.sample.id + 1, fmt.Appendf(nil, "event: sample\ndata: %s\n\n", data)}
	h.wakeLocked(true)
}

// newestSample returns the newest one after the given count of them.
func (h *hub) newestSample(seen uint64) (frame, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sample, h.sample.id > seen
}
