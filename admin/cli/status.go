package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

var statusCommand = Command{
	Name: "status", About: "say how the service is, and why the last release was refused",
	Text: `
The first line is the condition: serving, starting, restarting, on trial, down or
stopping. Then what matters at the moment, and a table of the generations. On a
terminal it is coloured; NO_COLOR is heeded.

With --json it writes the status as GET /v1/status has it.

With --check the exit code is 1 unless a generation is live.
`,
	Examples: "status\nstatus --name app --json\nstatus --pid 4242 --check",
	Setup: func(k *Call) func(context.Context) error {
		check := k.Flags.Bool("check", false, "fail unless a generation is live, for scripts")
		return func(ctx context.Context) error { return k.status(ctx, *check) }
	},
}

func (k *Call) status(ctx context.Context, check bool) error {
	if err := k.none(); err != nil {
		return err
	}
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	s, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if err := k.Result(s, k.statusText(s)); err != nil {
		return err
	}
	if check && s.Live == 0 {
		return fmt.Errorf("%s is %s: no generation is live", s.Name, s.Condition)
	}
	return nil
}

// generation returns one that has not ended.
func generation(s admin.Status, number int) (admin.Generation, bool) {
	for _, g := range s.Generations {
		if g.Number == number && number != 0 {
			return g, true
		}
	}
	return admin.Generation{}, false
}

// OperationText says what is under way, with what is left of its time.
func OperationText(o admin.Operation, now time.Time) string {
	text := o.Kind
	if o.Release != (admin.Release{}) && o.Kind != "restart" {
		text += " to " + ReleaseName(o.Release)
	}
	text += ", " + stageText(o.Stage)
	if o.Generation != 0 {
		text += fmt.Sprintf(" of generation %d", o.Generation)
	}
	if o.Until != nil {
		text += fmt.Sprintf(", %s left", Span(o.Until.Sub(now)))
	} else if !o.Since.IsZero() {
		text += fmt.Sprintf(", for %s", Span(now.Sub(o.Since)))
	}
	if o.Actor != "" {
		text += ", asked for by " + o.Actor
	}
	return text
}

// stageText says a stage of an operation in words.
func stageText(stage string) string {
	switch stage {
	case "fetch":
		return "being fetched"
	case "preflight":
		return "preflight"
	case "start":
		return "start"
	case "ready":
		return "waiting for it to be ready"
	case "probe":
		return "probe"
	case "open":
		return "taking over"
	case "trial":
		return "trial"
	case "commit":
		return "commit"
	}
	return stage
}

// HoldText says who holds upgrades, until when and why.
func HoldText(h admin.Hold, now time.Time) string {
	text := "upgrades are held"
	if h.Actor != "" {
		text += " by " + h.Actor
	}
	if h.Until != nil {
		text += fmt.Sprintf(" until %s (for %s more)", Moment(*h.Until, now), Span(h.Until.Sub(now)))
	} else {
		text += " until they are released"
	}
	if h.Reason != "" {
		text += ": " + h.Reason
	}
	return text
}

// RefusalText says which release did not become the installed one, and why.
func RefusalText(a admin.Attempt, now time.Time) string {
	when := a.Ended
	if when.IsZero() {
		when = a.Began
	}
	text := fmt.Sprintf("%s, %s ago, %s", ReleaseName(a.To), Span(now.Sub(when)), a.Result)
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}
