package admin

import (
	"context"
	"net/http"
	"time"
)

// An accepted is the answer to an order that is carried out.
type accepted struct {
	Event uint64 `json:"event"` // the newest one before the order
}

// take answers orders of one kind.
func (s *Server) take(k orderKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := parseQuery(r.URL.RawQuery); err != nil {
			s.fail(w, r, http.StatusBadRequest, err.Error())
			return
		}
		body, bad := s.readBody(w, r)
		if bad != nil {
			s.fail(w, r, bad.code, bad.why)
			return
		}
		q, bad := k.read(r, body, time.Now())
		if bad != nil {
			s.fail(w, r, bad.code, bad.why)
			return
		}
		s.once(w, r, body, func() answered { return s.carryOut(k, q) })
	}
}

// carryOut has the master take an order. It goes on where the client goes away:
// whether an order counts must not depend on that.
func (s *Server) carryOut(k orderKind, q *request) answered {
	ctx, cancel := context.WithTimeout(s.life, s.limits.master)
	defer cancel()
	event, err := s.newest(ctx)
	if err == nil {
		err = k.do(ctx, s.master, q)
	}
	code, answer := http.StatusAccepted, any(accepted{event})
	if err != nil {
		var why string
		code, why = codeOf(err)
		answer = failure{Error: why, Passing: code == http.StatusConflict && passes(err)}
	}
	body, wrong := encode(answer)
	if wrong != nil {
		return answered{code: http.StatusInternalServerError, body: unwritable}
	}
	return answered{code: code, body: body, passing: code == http.StatusServiceUnavailable || passes(err)}
}
