package admin

import "context"

// newest returns the ID of the newest event.
func (s *Server) newest(ctx context.Context) (uint64, error) {
	events, known := s.master.Events(0, 1)
	switch {
	case len(events) > 0:
		return events[len(events)-1].ID, nil
	case known:
		return 0, nil // there has been none
	}
	status, err := s.master.Status(ctx)
	return status.Event, err
}

// position returns the ID of the newest event that the hub has seen.
func (h *hub) position() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}
