package main

import (
	"context"
	"fmt"

	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

var initCommand = releaseCommand{
	name:  "init",
	args:  "DIR --product NAME [--pub KEY]… [flags]",
	about: "begin a release directory, or change its settings",
	text: `
Begins a release directory for one product. In a directory that is one already it
changes the settings that are given and leaves the others; a product never
changes. The settings are in DIR/.overseer/settings.json, which is not served.

--pub names the public keys that hosts are built with; each call adds to them. A
release that is signed by another key is refused before it is published. Without
any, those of the first publish become them.

With --threshold 2 a release counts when two of the keys have signed it: the first
signs by publish, the second by sign, on another machine if you like.
`,
	examples: `
  overseer release init /srv/releases/app --product app --pub release.pub
  overseer release init /srv/releases/app --expires 30d
  overseer release init /srv/releases/app --pub second.pub --threshold 2
`,
	setup: func(k *call) func(context.Context) error {
		var o publish.InitOptions
		var pubs list
		k.flags.StringVar(&o.Product, "product", "", "`NAME` of the product: lower-case letters, digits and _-.")
		k.flags.StringVar(&o.Channel, "channel", "", "channel `NAME` where a command names none (default stable)")
		k.flags.Var(&o.Expires, "expires", "how long a manifest counts, as a `PERIOD` (default 90d)")
		deltas := k.flags.Int("deltas", -1, "`COUNT` of earlier programs that each new one gets deltas from (default 3)")
		k.flags.Var(&pubs, "pub", "public `KEY` that hosts trust: its line or its file; may be given several times")
		k.flags.IntVar(&o.Threshold, "threshold", 0, "`COUNT` of these keys that must have signed a release (default 1)")
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			if k.given("deltas") {
				o.Deltas = deltas
			}
			if o.Keys, err = publics(pubs); err != nil {
				return err
			}
			s, err := publish.Init(ctx, args[0], o, k.options())
			if err != nil {
				return err
			}
			return k.result(s, settingsText(args[0], s))
		}
	},
}

func settingsText(dir string, s publish.Settings) string {
	return fmt.Sprintf("%s: product %s, channel %s, manifests expire after %v, %d delta(s) a program, %d of %d key(s)\n",
		dir, s.Product, s.Channel, s.Expires, s.Deltas, s.Threshold, len(s.Keys))
}

// stage are the flags of a rollout.
type stage struct {
	percent float64
	ramp    period.Period
	from    float64
}

func (k *call) stage(percent string) *stage {
	s := &stage{}
	k.flags.Float64Var(&s.percent, percent, 100, "`PERCENT` of the hosts that the release reaches")
	k.flags.Var(&s.ramp, "ramp", "let the percentage grow evenly for a `PERIOD` such as 24h, up to --"+percent)
	return s
}

func (s *stage) check(percent string) error {
	switch {
	case s.percent < 0 || s.percent > 100:
		return usagef("--%s %v: want 0 to 100", percent, s.percent)
	case s.from < 0 || s.from > s.percent:
		return usagef("--from %v: want 0 to --%s", s.from, percent)
	}
	return nil
}

func (s *stage) stage() publish.Stage {
	return publish.Stage{Percent: s.percent, Ramp: s.ramp, From: s.from}
}
