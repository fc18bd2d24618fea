package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// parseQuery reads a query that has known parameters only, each once.
func parseQuery(raw string, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, all := range values {
		if !slices.Contains(known, name) {
			if len(known) == 0 {
				return nil, fmt.Errorf("unknown parameter %s: there is none here", quote(name))
			}
			return nil, fmt.Errorf("unknown parameter %s: known are %s", quote(name), strings.Join(known, ", "))
		}
		if len(all) > 1 {
			return nil, fmt.Errorf("the parameter %s is there %d times: give it once", name, len(all))
		}
	}
	return values, nil
}

// parseLimit reads how many are wanted.
func parseLimit(text string, standard, max int) (int, error) {
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > max {
		return 0, fmt.Errorf("limit is %s: give a number from 1 to %d", quote(text), max)
	}
	return n, nil
}

// An asked is what is asked of /v1/events.
type asked struct {
	after   uint64
	since   bool // after was given: without it a stream begins with what comes
	limit   int
	samples bool
}

// parseAsked reads the query and Last-Event-ID. That header comes first: a browser
// that connects again sends it along with the address it began with.
func parseAsked(raw, lastEventID string) (asked, error) {
	values, err := parseQuery(raw, "after", "limit", "samples")
	if err != nil {
		return asked{}, err
	}
	var a asked
	if a.limit, err = parseLimit(values.Get("limit"), 100, maxEvents); err != nil {
		return asked{}, err
	}
	name, text := "after", values.Get("after")
	if lastEventID != "" {
		name, text = "Last-Event-ID", lastEventID
	}
	if text != "" {
		if a.after, err = strconv.ParseUint(text, 10, 64); err != nil {
			return asked{}, fmt.Errorf("%s is %s: give the ID of an event, a number", name, quote(text))
		}
		a.since = true
	}
	switch text := values.Get("samples"); text {
	case "", "0":
	case "1":
		a.samples = true
	default:
		return asked{}, fmt.Errorf("samples is %s: give 1 or 0", quote(text))
	}
	return a, nil
}

// wantsStream says whether a client asked for Server-Sent Events.
func wantsStream(r *http.Request) bool {
	for _, one := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, _, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
			return true
		}
	}
	return false
}
