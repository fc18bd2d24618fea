package admin

import (
	"context"
	"errors"
	"time"
)

// follow takes events from the master until that ends or ctx does.
func (h *hub) follow(ctx context.Context, after uint64) {
	f := h.server.master.Follow(after)
	for {
		e, err := f.Next(ctx)
		switch {
		case err == nil:
			h.publish(e)
			continue
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrEnded):
			h.over()
			return
		case !errors.Is(err, ErrBehind):
			h.server.log.Warn("the admin server cannot follow the master", "error", err)
		}
		if f = h.followAnew(ctx); f == nil {
			return
		}
	}
}

// followAnew goes on behind the newest event. Streams have from the master what
// is in between. It returns nil where ctx ends first.
func (h *hub) followAnew(ctx context.Context) Follower {
	for pause := 10 * time.Millisecond; ; pause = time.Second {
		if !wait(ctx, pause) {
			return nil
		}
		bounded, cancel := context.WithTimeout(ctx, h.server.limits.master)
		last, err := h.server.newest(bounded)
		cancel()
		if err == nil {
			h.skip(last)
			return h.server.master.Follow(last)
		}
	}
}

// wait returns false where ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
