package admin

import (
	"context"
	"errors"
	"fmt"
)

// recall sends what the master still has up to an ID.
func (rd *reader) recall(ctx context.Context, upTo uint64) error {
	f := rd.server.master.Follow(rd.pos)
	for rd.pos < upTo {
		bounded, cancel := context.WithTimeout(ctx, rd.server.limits.master)
		e, err := f.Next(bounded)
		cancel()
		if errors.Is(err, ErrBehind) {
			if err := rd.lose(rd.firstKept()); err != nil {
				return err
			}
			f = rd.server.master.Follow(rd.pos)
			continue
		}
		if err != nil {
			return err
		}
		fr, err := eventFrame(e)
		if err != nil {
			return err
		}
		if err := rd.out.write(fr.data, false); err != nil {
			return err
		}
		rd.pos = fr.id
		if rd.ending() {
			return ErrEnded
		}
	}
	return rd.out.rc.Flush()
}

// firstKept returns the ID of the first event that is kept of those after the
// position. It is more than one further: what is in between is lost.
func (rd *reader) firstKept() uint64 {
	first := rd.server.hub.position() + 1
	if events, _ := rd.server.master.Events(rd.pos, 1<<30); len(events) > 0 {
		first = events[0].ID
	}
	return max(first, rd.pos+2)
}

// lose tells the client that what comes before an ID is lost.
func (rd *reader) lose(first uint64) error {
	rd.pos = first - 1
	return rd.out.write(fmt.Appendf(nil, "id: %d\nevent: lost\ndata: {\"first\":%d}\n\n", rd.pos, first), true)
}

// rewind handles a client that has seen more than there is: the master counts
// anew, as it has lost its state.
func (rd *reader) rewind(ctx context.Context) error {
	if rd.pos <= rd.server.hub.position() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, rd.server.limits.master)
	defer cancel()
	newest, err := rd.server.newest(ctx)
	if err != nil || rd.pos <= newest {
		return err
	}
	first := newest + 1
	if events, _ := rd.server.master.Events(0, 1<<30); len(events) > 0 {
		first = events[0].ID
	}
	return rd.lose(first)
}
