package admin

import (
	"net/http"
	"time"
)

// A sender writes Server-Sent Events to one client, and gives up on one that does
// not read. Source: the HTML standard, section 9.2.
type sender struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	bound time.Duration // for each write
}

// begin tells the client that the stream is there.
func (o *sender) begin() error {
	h := o.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy would hold events back
	o.w.WriteHeader(http.StatusOK)
	return o.write([]byte("retry: 1000\n\n"), true)
}

func (o *sender) write(data []byte, flush bool) error {
	if err := o.rc.SetWriteDeadline(time.Now().Add(o.bound)); err != nil {
		return err
	}
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	if flush {
		return o.rc.Flush()
	}
	return nil
}
