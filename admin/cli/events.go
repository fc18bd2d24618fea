package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3d078585/overseer/admin"
)

var eventsCommand = Command{
	Name: "events", About: "show what the master has decided and learnt; -f goes on",
	Text: `
One line for each event, the oldest first. Events have numbers, which go on when
the master is replaced; --after takes one. With -f it goes on until Ctrl-C, and
connects again when the master is replaced.

With --json each line is one event, as GET /v1/events has it.
`,
	Examples: "events\nevents -f --kind failed,rolled-back\nevents --after 1200 --json",
	Setup: func(k *Call) func(context.Context) error {
		e := &eventsFlags{}
		k.Flags.BoolVar(&e.follow, "f", false, "go on with those that come")
		k.Flags.Uint64Var(&e.after, "after", 0, "`NUMBER` of the event after which to begin")
		k.Flags.IntVar(&e.max, "n", 50, "`COUNT` of events at most, the newest of them; with -f of those that are past")
		k.Flags.StringVar(&e.kinds, "kind", "", "`KIND` of events to show, or several with commas: live, failed, rolled-back, …")
		k.suggest("kind", kindNames()...)
		return func(ctx context.Context) error { return k.events(ctx, e) }
	},
}

type eventsFlags struct {
	follow bool
	after  uint64
	max    int
	kinds  string
	wanted []admin.Kind // empty: all
}

// maxEvents is how many can be asked for at once.
const maxEvents = 1000

func (e *eventsFlags) check() error {
	if e.max < 0 || e.max > maxEvents {
		return Usage("-n %d: want 0 to %d", e.max, maxEvents)
	}
	for _, one := range strings.FieldsFunc(e.kinds, func(r rune) bool { return r == ',' || r == ' ' }) {
		kind := admin.Kind(one)
		if !slices.Contains(admin.Kinds(), kind) {
			return Usage("--kind %q: want one of %s", one, strings.Join(kindNames(), ", "))
		}
		e.wanted = append(e.wanted, kind)
	}
	return nil
}

func kindNames() (all []string) {
	for _, k := range admin.Kinds() {
		all = append(all, string(k))
	}
	return all
}

func (e *eventsFlags) wants(one admin.Event) bool {
	return len(e.wanted) == 0 || slices.Contains(e.wanted, one.Kind)
}

func (k *Call) events(ctx context.Context, e *eventsFlags) error {
	if err := k.none(); err != nil {
		return err
	}
	if err := e.check(); err != nil {
		return err
	}
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	last, err := k.past(ctx, client, e)
	if err != nil || !e.follow {
		return err
	}
	if k.Given("timeout") {
		var cancel context.CancelFunc
		ctx, cancel = k.bounded(ctx)
		defer cancel()
	}
	return k.coming(ctx, client, e, last)
}

// past writes the events that were, and returns the number of the newest.
func (k *Call) past(ctx context.Context, client *admin.Client, e *eventsFlags) (last uint64, err error) {
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	most := max(e.max, 1) // the newest one says where to go on
	if len(e.wanted) > 0 {
		most = maxEvents // the newest of a kind may be far back
	}
	all, known, err := client.Events(ctx, e.after, most)
	if err != nil {
		return 0, err
	}
	last = e.after
	if n := len(all); n > 0 {
		last = all[n-1].ID
	}
	if !known && k.Given("after") && !k.JSON {
		k.say("note: some events after %d are not shown: they are not kept any more, or more than %d", e.after, most)
	}
	all = slices.DeleteFunc(all, func(one admin.Event) bool { return !e.wants(one) })
	for _, one := range all[max(len(all)-e.max, 0):] {
		if err := k.event(one); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// coming writes the events that come, until ctx ends.
func (k *Call) coming(ctx context.Context, client *admin.Client, e *eventsFlags, last uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	messages, ended := k.messages(ctx, client, last)
	defer func() {
		cancel()
		<-ended
	}()
	for m := range messages {
		switch {
		case m.err != nil:
			return m.err
		case m.Reconnected && !k.JSON:
			k.say("note: connected again; the master was replaced, or came back")
		case m.Lost != 0 && !k.JSON:
			k.say("note: events before %d are not kept any more", m.Lost)
		case m.Event != nil && e.wants(*m.Event):
			if err := k.event(*m.Event); err != nil {
				return err
			}
		}
	}
	return nil // Ctrl-C, or --timeout: that is how it ends
}

// event writes one.
func (k *Call) event(e admin.Event) error {
	if k.JSON {
		enc := json.NewEncoder(k.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(e)
	}
	text := fmt.Sprintf("%s  %s  %s", k.paint(dim, fmt.Sprintf("%6d", e.ID)), Moment(e.Time, k.Now()), k.paint(tones[e.Kind.Tone()], EventText(e)))
	if _, err := fmt.Fprintln(k.Stdout, text); err != nil {
		return err
	}
	if e.Output == "" {
		return nil
	}
	s := &sheet{Env: k.Env}
	s.quoted(e.Output, 5)
	_, err := io.WriteString(k.Stdout, s.b.String())
	return err
}

// EventText is one event in a line, without its number and time.
func EventText(e admin.Event) string {
	var parts []string
	parts = append(parts, string(e.Kind))
	if e.Generation != 0 {
		parts = append(parts, "generation "+strconv.Itoa(e.Generation))
	}
	if e.Release != "" || e.Version != "" {
		parts = append(parts, ReleaseName(admin.Release{Digest: e.Release, Version: e.Version}))
	}
	text := strings.Join(parts, ", ")
	if e.Actor != "" {
		text += ", by " + e.Actor
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return Line(text)
}
