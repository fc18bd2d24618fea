package admin

import (
	"context"
	"net/http"
)

// show answers with what a method of the master returns, in the time it has.
func show[T any](s *Server, w http.ResponseWriter, r *http.Request, ask func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.master)
	defer cancel()
	v, err := ask(ctx)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.answer(w, r, http.StatusOK, v)
}

// plain refuses parameters where there are none.
func (s *Server) plain(w http.ResponseWriter, r *http.Request) bool {
	if _, err := parseQuery(r.URL.RawQuery); err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func (s *Server) getStatus(w http.ResponseWriter, r *http.Request) {
	if s.plain(w, r) {
		show(s, w, r, func(ctx context.Context) (Status, error) {
			status, err := s.master.Status(ctx)
			return status.whole(), err
		})
	}
}

func (s *Server) getSample(w http.ResponseWriter, r *http.Request) {
	if s.plain(w, r) {
		show(s, w, r, func(ctx context.Context) (Sample, error) {
			sample, err := s.master.Sample(ctx)
			return sample.whole(), err
		})
	}
}

func (s *Server) getQuarantine(w http.ResponseWriter, r *http.Request) {
	if s.plain(w, r) {
		show(s, w, r, func(ctx context.Context) ([]Entry, error) {
			all, err := s.master.Quarantine(ctx)
			return list(all), err
		})
	}
}

func (s *Server) getHistory(w http.ResponseWriter, r *http.Request) {
	values, err := parseQuery(r.URL.RawQuery, "limit")
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	limit, err := parseLimit(values.Get("limit"), 100, maxHistory)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	show(s, w, r, func(ctx context.Context) ([]Attempt, error) {
		all, err := s.master.History(ctx, limit)
		for i := range all {
			all[i].Steps = list(all[i].Steps)
		}
		return list(all), err
	})
}

// A page of events is the answer of /v1/events.
type eventList struct {
	Events []Event `json:"events"`
	Known  bool    `json:"known"`
}

func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	a, err := parseAsked(r.URL.RawQuery, r.Header.Get("Last-Event-ID"))
	switch {
	case err != nil:
		s.fail(w, r, http.StatusBadRequest, err.Error())
	case wantsStream(r):
		s.stream(w, r, a)
	default:
		events, known := s.master.Events(a.after, a.limit)
		s.answer(w, r, http.StatusOK, eventList{list(events), known})
	}
}
