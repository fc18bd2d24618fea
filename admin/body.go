package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An httpError is an answer to a request that cannot be taken as it is.
type httpError struct {
	code int
	why  string
}

func (e *httpError) Error() string { return e.why }

func badRequest(format string, args ...any) *httpError {
	return &httpError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// readBody reads the body of an order, which may be empty.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *httpError) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.limits.bodyBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", large.Limit)}
	case err != nil:
		w.Header().Set("Connection", "close") // the rest of it is not waited for
		return nil, badRequest("the body did not come whole: %v", err)
	}
	// The deadline was for the body. It stays where that is not whole, as the
	// server reads on before it closes. Elsewhere it would look like a client
	// that is gone, while the master is asked.
	http.NewResponseController(w).SetReadDeadline(time.Time{})
	if len(body) == 0 {
		return nil, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return nil, &httpError{http.StatusUnsupportedMediaType, "the body is of the type " + quote(r.Header.Get("Content-Type")) + ": send application/json"}
	}
	return body, nil
}

// members reads a JSON object strictly: each member is known, and there once.
// encoding/json would take other cases of a name for it, and the last of two.
func members(body []byte, into map[string]any) *httpError {
	if len(body) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return badRequest("the body is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return badRequest("the body is no JSON object")
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return badRequest("the body is no JSON: %v", err)
		}
		name, _ := token.(string) // More was true inside an object: it is a name
		target, ok := into[name]
		switch {
		case !ok:
			return badRequest("unknown member %s: known are %s", quote(name), strings.Join(slices.Sorted(maps.Keys(into)), ", "))
		case seen[name]:
			return badRequest("the member %q is there twice", name)
		}
		seen[name] = true
		var wrong *json.UnmarshalTypeError
		if err := dec.Decode(target); errors.As(err, &wrong) {
			return badRequest("the member %q is of the wrong type: it is a JSON %s", name, wrong.Value)
		} else if err != nil {
			return badRequest("the member %q cannot be read: %v", name, err)
		}
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return badRequest("the body is no JSON: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badRequest("something follows the JSON object in the body")
	}
	return nil
}

// readable refuses text that is too long, or that could change what a terminal or
// a log shows. Lines are fine where they are said to be.
func readable(name, text string, max int, lines bool) *httpError {
	if n := utf8.RuneCountInString(text); n > max {
		return badRequest("%s has %d characters: %d are the most", name, n, max)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) && !(lines && (r == '\n' || r == '\t')) {
			return badRequest("%s has a character that cannot be shown: %q", name, r)
		}
	}
	return nil
}
