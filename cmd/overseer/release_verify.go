package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
)

var verifyCommand = releaseCommand{
	name:  "verify",
	args:  "DIR|URL [--pub KEY]… [flags]",
	about: "check signatures, forms, and all programs and deltas",
	text: `
Reads everything that hosts may read, once: the key list, the manifest of each
channel and their signatures, every program, packed and unpacked, and every delta,
which is applied where the program that it starts from is there. An expired
manifest is an error, as no host upgrades by it.

By default a directory is checked with the keys of its settings. For a URL name
--pub, or --root where there is a key list. A URL is that of a directory (with
--channel) or of a manifest.
`,
	examples: `
  overseer release verify DIR
  overseer release verify https://releases.example.com/app/stable.json --pub release.pub
  overseer release verify https://releases.example.com/app/ --channel beta --root root.pub
`,
	setup: func(k *call) func(context.Context) error {
		var pubs, roots, channels list
		k.flags.Var(&pubs, "pub", "public `KEY` that hosts trust: its line or its file; may be given several times")
		threshold := k.flags.Int("threshold", 0, "`COUNT` of keys that must have signed (default: the setting of init, or 1)")
		k.flags.Var(&roots, "root", "public root `KEY`; the key list then says which keys count; may be given several times")
		k.flags.Var(&channels, "channel", "channel `NAME` (default: all of a directory; stable of a URL); may be given several times")
		return func(ctx context.Context) error {
			args, err := k.want("DIR or URL")
			if err != nil {
				return err
			}
			o := publish.VerifyOptions{Work: k.work(), Threshold: *threshold}
			if o.Keys, err = publics(pubs); err != nil {
				return err
			}
			if o.Roots, err = publics(roots); err != nil {
				return err
			}
			p, err := k.source(args[0], channels, &o)
			if err != nil {
				return err
			}
			report, err := publish.Verify(ctx, p, o)
			if err != nil {
				return err
			}
			if err := k.result(report, reportText(report)); err != nil {
				return err
			}
			if !report.OK {
				return fmt.Errorf("%w: %s", errVerify, args[0])
			}
			return nil
		}
	},
}

// source opens what is verified, and completes the options by what it says of
// itself: a directory of this machine is its publisher's own.
func (k *call) source(given string, channels []string, o *publish.VerifyOptions) (fetcher.Place, error) {
	if isRemote(given) {
		p, name, err := openPlace(given)
		if err != nil {
			return nil, err
		}
		o.Channels = remoteChannels(channels, name)
		if len(o.Keys)+len(o.Roots) == 0 {
			return nil, usagef("name the key that hosts trust by --pub, or the root by --root")
		}
		return p, nil
	}
	d, err := k.open(given)
	if err != nil {
		return nil, err
	}
	about, err := d.About()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errVerify, err)
	}
	o.Product, o.Channels = about.Product, channels
	if len(channels) == 0 {
		o.Channels = about.Channels
	}
	if len(o.Channels) == 0 {
		return nil, fmt.Errorf("%s: nothing was published yet", given)
	}
	if len(o.Keys)+len(o.Roots) > 0 {
		return fetcher.Dir(given), nil
	}
	if o.Keys, err = publics(about.Keys); err != nil {
		return nil, err
	}
	if o.Roots, err = publics(about.Roots); err != nil {
		return nil, err
	}
	o.RootThreshold = about.RootThreshold
	if o.Threshold == 0 {
		o.Threshold = about.Threshold
	}
	return fetcher.Dir(given), nil
}

func reportText(r publish.Report) string {
	var text strings.Builder
	for _, c := range r.Checks {
		mark := "ok  "
		if !c.OK {
			mark = "BAD "
		}
		fmt.Fprintf(&text, "%s %s: %s\n", mark, c.What, c.Found)
	}
	if r.OK {
		fmt.Fprintf(&text, "%s: all is as it was signed\n", r.Place)
	}
	return text.String()
}
