package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-3d078585/overseer/admin"
)

var quarantineCommand = Command{
	Name: "quarantine", Args: "[list | forget DIGEST]", About: "list the releases that are not tried again, and let one be tried",
	Text: `
A release that has failed is in quarantine: it is not tried again for a while.
forget lifts that; the beginning of a digest will do where only one begins so.
It is tried when it is found the next time: PROGRAM upgrade has that happen now.

With --json list writes {"quarantine": [{"digest", "reason", "since", "until"}]},
forget {"forgotten": DIGEST, "event"}.
`,
	Examples: "quarantine\nquarantine forget 3f2a91bc04d1 && upgrade",
	Words:    []Word{{Name: "list", About: "list them"}, {Name: "forget", About: "let one be tried again"}},
	Setup: func(k *Call) func(context.Context) error {
		o := k.order()
		return func(ctx context.Context) error {
			switch {
			case len(k.Args) == 0, len(k.Args) == 1 && k.Args[0] == "list":
				return k.quarantined(ctx)
			case len(k.Args) == 2 && k.Args[0] == "forget":
				return k.forget(ctx, o, k.Args[1])
			}
			return Usage("want nothing, list, or forget DIGEST; got %q", k.Args)
		}
	},
}

func (k *Call) quarantined(ctx context.Context) error {
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	all, err := client.Quarantine(ctx)
	if err != nil {
		return err
	}
	now := k.Now()
	t := table{{"RELEASE", "SINCE", "FOR", "REASON"}}
	for _, e := range all {
		left := "until it is forgotten"
		if e.Until != nil {
			left = Span(e.Until.Sub(now)) + " more"
		}
		t = append(t, []string{shortDigest(e.Digest), Moment(e.Since, now), left, Line(e.Reason)})
	}
	text := t.text(k.Env)
	if len(all) == 0 {
		text, all = "no release is in quarantine\n", []admin.Entry{}
	}
	return k.Result(map[string]any{"quarantine": all}, text)
}

func (k *Call) forget(ctx context.Context, o *ordering, digest string) error {
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	all, err := client.Quarantine(ctx)
	if err != nil {
		return err
	}
	var fits []string
	for _, e := range all {
		if strings.HasPrefix(e.Digest, strings.ToLower(digest)) {
			fits = append(fits, e.Digest)
		}
	}
	switch {
	case len(fits) == 0:
		return fmt.Errorf("no release in quarantine begins with %q: %w", digest, admin.ErrNotFound)
	case len(fits) > 1:
		return Usage("%d releases in quarantine begin with %q: give more of the digest", len(fits), digest)
	}
	if err := k.sure(ctx, o.yes, fmt.Sprintf("let release %s be tried again?", shortDigest(fits[0]))); err != nil {
		return err
	}
	accepted, err := client.Forget(ctx, k.orderOf(o), fits[0])
	if errors.Is(err, admin.ErrNotFound) {
		return fmt.Errorf("release %s is in no quarantine any more: %w", shortDigest(fits[0]), err)
	}
	if err != nil {
		return err
	}
	return k.Result(map[string]any{"forgotten": fits[0], "event": accepted.Event},
		fmt.Sprintf("release %s may be tried again; %s upgrade has it looked for now\n", shortDigest(fits[0]), k.Program))
}
