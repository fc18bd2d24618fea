package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

var holdCommand = Command{
	Name: "hold", About: "hold automatic upgrades: none is fetched or tried until they go on",
	Text: `
It holds until --for or --until, or until PROGRAM unhold. It outlives the master. A
release that is on trial is not touched. Restarts and rollbacks go on working.

With --json it writes {"hold": {"since", "until", "reason", "actor"}, "event"}.
`,
	Examples: "hold --for 2h --reason 'until the incident is over'\nhold --until 18:00\nhold --until '2026-12-24 08:00'",
	Setup: func(k *Call) func(context.Context) error {
		o := k.order()
		span := k.Flags.String("for", "", "`TIME` that it holds: 90m, 2h, 3d")
		until := k.Flags.String("until", "", "`TIME` when it ends: 18:00, 2026-12-24 08:00, or as in RFC 3339")
		return func(ctx context.Context) error {
			end, err := holdEnd(*span, *until, k.Now())
			if err != nil {
				return err
			}
			return k.hold(ctx, o, end)
		}
	},
}

var unholdCommand = Command{
	Name: "unhold", Aliases: []string{"release-hold"}, About: "let automatic upgrades go on",
	Text: `
It ends what PROGRAM hold has begun. That upgrades are not held is no failure.

With --json it writes {"hold": null, "event"}.
`,
	Examples: "unhold",
	Setup: func(k *Call) func(context.Context) error {
		o := k.order()
		return func(ctx context.Context) error { return k.unhold(ctx, o) }
	},
}

// A held is what hold and unhold write with --json.
type held struct {
	Hold  *admin.Hold `json:"hold"`
	Event uint64      `json:"event"`
}

// holdEnd reads the end of a hold; zero: none.
func holdEnd(span, until string, now time.Time) (time.Time, error) {
	switch {
	case span != "" && until != "":
		return time.Time{}, Usage("--for and --until both say when it ends: give one")
	case span != "":
		d, err := readSpan(span)
		if err != nil {
			return time.Time{}, Usage("--for %q: want a time such as 90m, 2h or 3d", span)
		}
		return now.Add(d), nil
	case until != "":
		return readMoment(until, now)
	}
	return time.Time{}, nil
}

// readSpan reads a length of time; beside those of package time there are days.
func readSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 36500 {
			return 0, fmt.Errorf("%q is no number of days", days)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s is not more than 0", d)
	}
	return d, err
}

// readMoment reads a time to come.
func readMoment(text string, now time.Time) (time.Time, error) {
	if t, err := time.ParseInLocation("15:04", text, now.Location()); err == nil {
		next := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
		if !next.After(now) {
			next = next.AddDate(0, 0, 1)
		}
		return next, nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly} {
		t, err := time.ParseInLocation(form, text, now.Location())
		switch {
		case err != nil:
			continue
		case !t.After(now):
			return t, Usage("--until %q is over already", text)
		}
		return t, nil
	}
	return time.Time{}, Usage("--until %q: want 18:00, 2026-12-24 08:00, or a time as in RFC 3339", text)
}

func (k *Call) hold(ctx context.Context, o *ordering, until time.Time) error {
	return k.change(ctx, o, func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
		return c.Hold(ctx, order, until)
	})
}

func (k *Call) unhold(ctx context.Context, o *ordering) error {
	return k.change(ctx, o, func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
		return c.Release(ctx, order)
	})
}

// change gives an order that is done when it is accepted, and says what holds
// then.
func (k *Call) change(ctx context.Context, o *ordering, do func(context.Context, *admin.Client, admin.Order) (admin.Accepted, error)) error {
	if err := k.none(); err != nil {
		return err
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	accepted, err := do(ctx, client, k.orderOf(o))
	if err != nil {
		return err
	}
	s, err := client.Status(ctx)
	if err != nil {
		return fmt.Errorf("it was accepted; what holds now is not known: %w", err)
	}
	text := "upgrades go on\n"
	if s.Hold != nil {
		text = Line(HoldText(*s.Hold, k.Now())) + "\n"
	}
	return k.Result(held{Hold: s.Hold, Event: accepted.Event}, text)
}
