package admin

import (
	"encoding/json"
	"fmt"
)

// A frame is one message as it is sent.
type frame struct {
	id   uint64
	data []byte
}

// Bounds of what is kept of events as bytes.
const (
	keptFrames = 1024
	keptBytes  = 1 << 20
)

func eventFrame(e Event) (frame, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return frame{}, err
	}
	return frame{e.ID, fmt.Appendf(nil, "id: %d\nevent: event\ndata: %s\n\n", e.ID, data)}, nil
}

func (h *hub) publish(e Event) {
	f, err := eventFrame(e)
	if err != nil {
		h.server.log.Error("an event cannot be written as JSON", "id", e.ID, "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.id != h.last+1 { // the master has left some out
		h.frames, h.bytes = nil, 0
	}
	h.last = f.id
	h.frames = append(h.frames, f)
	h.bytes += len(f.data)
	for len(h.frames) > keptFrames || h.bytes > keptBytes && len(h.frames) > 1 {
		h.bytes -= len(h.frames[0].data)
		h.frames[0] = frame{}
		h.frames = h.frames[1:]
	}
	h.wakeLocked(false)
}

// skip goes on at an ID, as what is in between could not be followed.
func (h *hub) skip(last uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frames, h.bytes, h.last = nil, 0, last
	h.wakeLocked(false)
}

func (h *hub) over() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.wakeLocked(false)
}

// wakeLocked tells all streams, or those that want samples.
func (h *hub) wakeLocked(samples bool) {
	for l := range h.streams {
		if samples && !l.samples {
			continue
		}
		select {
		case l.wake <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// A news is what there is for a stream.
type news struct {
	frames []frame // that follow its position, or the first of them
	behind uint64  // the ID up to which it has to ask the master; 0: it has not
	ended  bool    // nothing will follow
}

// after returns what follows an ID, as far as there is room.
func (h *hub) after(pos uint64, room []frame) news {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.last - uint64(len(h.frames)) + 1 // ID of the first frame that is kept
	switch {
	case pos >= h.last:
		return news{ended: h.ended}
	case pos+1 < first:
		return news{behind: first - 1}
	}
	return news{frames: room[:copy(room, h.frames[pos+1-first:])]}
}
