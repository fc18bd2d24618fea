package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A request is an order as it came: what all orders have, and what some have.
type request struct {
	order  Order
	to     Target
	until  time.Time
	level  string
	digest string
}

// A kind of order: the members it takes beside those of all, what it needs of
// them, and how the master is told.
type orderKind struct {
	extra []string
	check func(q *request, now time.Time) *httpError
	do    func(ctx context.Context, m Master, q *request) error
}

var (
	restart = orderKind{do: func(ctx context.Context, m Master, q *request) error { return m.Restart(ctx, q.order) }}
	upgrade = orderKind{do: func(ctx context.Context, m Master, q *request) error { return m.Upgrade(ctx, q.order) }}
	unhold  = orderKind{do: func(ctx context.Context, m Master, q *request) error { return m.Release(ctx, q.order) }}

	rollback = orderKind{
		extra: []string{"to"},
		check: func(q *request, _ time.Time) *httpError {
			if q.to != ToStandby && q.to != ToPrevious {
				return badRequest("to is %s: say where to go back to: %s or %s", quote(string(q.to)), ToStandby, ToPrevious)
			}
			return nil
		},
		do: func(ctx context.Context, m Master, q *request) error { return m.Rollback(ctx, q.order, q.to) },
	}
	hold = orderKind{
		extra: []string{"until"},
		check: func(q *request, now time.Time) *httpError {
			if !q.until.IsZero() && !q.until.After(now) {
				return badRequest("until is %s, which is over: give a time to come, or leave it away", q.until.Format(time.RFC3339))
			}
			return nil
		},
		do: func(ctx context.Context, m Master, q *request) error { return m.Hold(ctx, q.order, q.until) },
	}
	forget = orderKind{
		check: func(q *request, _ time.Time) *httpError {
			if !isDigest(q.digest) {
				return badRequest("%s is no digest: give the 64 hexadecimal digits of a SHA-256", quote(q.digest))
			}
			return nil
		},
		do: func(ctx context.Context, m Master, q *request) error { return m.Forget(ctx, q.order, q.digest) },
	}
	setLogLevel = orderKind{
		extra: []string{"level"},
		check: func(q *request, _ time.Time) *httpError {
			if !slices.Contains(logLevels, q.level) {
				return badRequest("level is %s: known are %s", quote(q.level), strings.Join(logLevels, ", "))
			}
			return nil
		},
		do: func(ctx context.Context, m Master, q *request) error { return m.SetLogLevel(ctx, q.order, q.level) },
	}
)

var logLevels = []string{"debug", "info", "warn", "error"}

func isDigest(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// read makes an order of a body, a header and a path.
func (k orderKind) read(r *http.Request, body []byte, now time.Time) (*request, *httpError) {
	q := &request{digest: strings.ToLower(r.PathValue("digest"))}
	var actor string
	known := map[string]any{"reason": &q.order.Reason, "generation": &q.order.Generation, "actor": &actor}
	for name, into := range map[string]any{"to": &q.to, "until": &q.until, "level": &q.level} {
		if slices.Contains(k.extra, name) {
			known[name] = into
		}
	}
	if err := members(body, known); err != nil {
		return nil, err
	}
	if q.order.Generation < 0 {
		return nil, badRequest("generation is %d: give the number of the live one, or leave it away", q.order.Generation)
	}
	if err := readable("reason", q.order.Reason, 1000, true); err != nil {
		return nil, err
	}
	if err := readable("actor", actor, 100, false); err != nil {
		return nil, err
	}
	if k.check != nil {
		if err := k.check(q, now); err != nil {
			return nil, err
		}
	}
	q.order.Actor = callerIn(r.Context())
	if actor != "" {
		q.order.Actor += " for " + actor
	}
	q.order.Trace = traceOf(r.Header.Values("Traceparent"))
	return q, nil
}
