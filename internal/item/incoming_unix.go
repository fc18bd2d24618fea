//go:build unix

package item

import (
	"os"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// heldTimeout bounds the reading of what was held. It is all there, and at its
// end is the end of the process that wrote it.
const heldTimeout = 5 * time.Second

// incoming is a way as the taker sees it.
type incoming struct {
	taker *Taker
	conn  *handover.Conn
	held  bool // what came was left by a generation that is gone
}

// Add takes over the end of a way, and reads it until the other generation has
// ended. What was held is there when Add returns.
func (t *Taker) Add(end *os.File, held bool) error {
	w, err := newIncoming(t, end, held)
	if err != nil {
		return err
	}
	if held {
		return w.readHeld()
	}
	go w.listen() // ends with the other side
	return nil
}

func newIncoming(t *Taker, end *os.File, held bool) (*incoming, error) {
	conn, err := handover.NewConn(end)
	if err != nil {
		return nil, err
	}
	return &incoming{taker: t, conn: conn, held: held}, nil
}

func (w *incoming) readHeld() error {
	defer w.conn.Close()
	if err := w.conn.SetReadDeadline(time.Now().Add(heldTimeout)); err != nil {
		return err
	}
	for n := 0; n < Window; {
		m, files, err := w.conn.Receive()
		if err != nil {
			break // the end of the other generation
		}
		if msg, ok := m.(handover.Item); ok {
			w.taker.add(arrival{way: w, msg: msg, files: files})
			n++
			continue
		}
		closeAll(files)
	}
	return nil
}

func (w *incoming) listen() {
	defer w.conn.Close()
	defer w.taker.removeAll(w)
	for {
		m, files, err := w.conn.Receive()
		if err != nil {
			return
		}
		switch m := m.(type) {
		case handover.Item:
			w.taker.add(arrival{way: w, msg: m, files: files})
			continue
		case handover.Withdraw:
			if a, ok := w.taker.remove(w, m.ID); ok {
				closeAll(a.files)
				w.refuse(m.ID, "", false)
			}
		}
		closeAll(files)
	}
}

// confirm tells the other side that the item is here.
func (w *incoming) confirm(id int) error {
	if w.held {
		return nil
	}
	return w.conn.Send(handover.Taken{ID: id})
}

// refuse tells the other side that the item is still there.
func (w *incoming) refuse(id int, reason string, elsewhere bool) {
	if !w.held {
		w.conn.Send(handover.Untaken{ID: id, Reason: reason, Elsewhere: elsewhere}) // an error is the end of the way, which says the same
	}
}
