package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A failure is the answer to what cannot be done.
type failure struct {
	Error   string `json:"error"`
	Passing bool   `json:"passing,omitempty"`
}

// passes reports whether what an order was refused for passes by itself, so that
// the refusal is no answer to keep.
func passes(err error) bool {
	var conflict *Conflict
	return errors.As(err, &conflict) && conflict.Passing || errors.Is(err, ErrEnded)
}

// answer sends a value as JSON.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, code int, v any) {
	body, err := encode(v)
	if err != nil {
		s.log.Error("an answer of the admin server cannot be written as JSON", "path", r.URL.Path, "error", err)
		code, body = http.StatusInternalServerError, unwritable
	}
	send(w, code, body)
}

var unwritable = []byte(`{"error":"the answer cannot be written as JSON"}` + "\n")

// encode writes a value as one line.
func encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	return append(body, '\n'), err
}

// send sends what is JSON already. The bytes may be those of other answers too.
func send(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(body) // an error is that of a client that is gone
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, code int, why string) {
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	s.answer(w, r, code, failure{Error: why})
}

// codeOf says what an error of the master is in HTTP.
func codeOf(err error) (int, string) {
	var conflict *Conflict
	switch {
	case errors.As(err, &conflict):
		return http.StatusConflict, conflict.Reason
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, ErrEnded):
		return http.StatusServiceUnavailable, "the master is going: ask again in a moment"
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "the master did not answer in time: look at the status before you order again"
	case errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, "the request was cut off"
	}
	return http.StatusInternalServerError, err.Error()
}

// failed answers with an error of the master.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	code, why := codeOf(err)
	s.fail(w, r, code, why)
}

// quote shows a bounded part of what somebody sent.
func quote(text string) string { return fmt.Sprintf("%.80q", text) }
