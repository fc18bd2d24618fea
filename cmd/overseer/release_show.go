package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
)

var showCommand = releaseCommand{
	name:  "show",
	args:  "DIR|URL [--channel NAME]… [--json]",
	about: "show what is published, and what waits to be",
	text: `
Shows the manifests as they are. It checks no signature: verify does. A URL is
that of a directory (with --channel) or of a manifest.
`,
	examples: `
  overseer release show DIR
  overseer release show https://releases.example.com/app/stable.json --json
`,
	setup: func(k *call) func(context.Context) error {
		var channels list
		k.flags.Var(&channels, "channel", "channel `NAME` (default: all of a directory; stable of a URL); may be given several times")
		return func(ctx context.Context) error {
			args, err := k.want("DIR or URL")
			if err != nil {
				return err
			}
			return k.show(ctx, args[0], channels)
		}
	},
}

func (k *call) show(ctx context.Context, given string, channels []string) error {
	p, channels, drafts, err := k.shown(given, channels)
	if err != nil {
		return err
	}
	all := []publish.Shown{}
	text := ""
	for _, channel := range channels {
		one, err := publish.Show(ctx, p, channel)
		if err != nil {
			return err
		}
		one.Draft = drafts[channel]
		delete(drafts, channel)
		all = append(all, one)
		text += shownText(one, time.Now())
	}
	for _, channel := range slices.Sorted(maps.Keys(drafts)) {
		text += fmt.Sprintf("channel %s\n  draft      %s, not published\n", channel, drafts[channel])
	}
	if text == "" {
		text = "nothing was published yet\n"
	}
	return k.result(struct {
		Channels []publish.Shown   `json:"channels"`
		Drafts   map[string]string `json:"drafts,omitempty"` // of channels without a release
	}{all, drafts}, text)
}

// shown opens what is shown.
func (k *call) shown(given string, channels []string) (p fetcher.Place, all []string, drafts map[string]string, err error) {
	if isRemote(given) {
		p, name, err := openPlace(given)
		return p, remoteChannels(channels, name), nil, err
	}
	d, err := k.open(given)
	if err != nil {
		return nil, nil, nil, err
	}
	about, err := d.About()
	if err != nil {
		return nil, nil, nil, err
	}
	if len(channels) == 0 {
		channels = about.Channels
	}
	return fetcher.Dir(given), channels, about.Drafts, nil
}

func shownText(s publish.Shown, now time.Time) string {
	var text strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&text, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	m := s.Manifest
	fmt.Fprintf(&text, "channel %s of %s\n", m.Channel, m.Product)
	urgent := ""
	if m.Urgent {
		urgent = ", urgent"
	}
	line("version", "%s%s", m.Version, urgent)
	line("seq", "%d", m.Seq)
	if m.MinSeq > 0 {
		line("min seq", "%d", m.MinSeq)
	}
	line("issued", "%s", m.Issued.UTC().Format(time.RFC3339))
	expired := ""
	if !now.Before(m.Expires) {
		expired = "  EXPIRED: publish again"
	}
	line("expires", "%s%s", m.Expires.UTC().Format(time.RFC3339), expired)
	if len(s.SignedBy) == 0 {
		line("signed by", "NOBODY")
	} else {
		line("signed by", "%s", strings.Join(s.SignedBy, " "))
	}
	if r := m.Rollout; r != nil {
		at := fmt.Sprintf("%.3g %% of the hosts", r.At(now))
		if r.Ramp != nil && now.Before(r.Ramp.End) {
			at += fmt.Sprintf(", %.3g %% at %s", r.Percent, r.Ramp.End.UTC().Format(time.RFC3339))
		}
		line("rollout", "%s", at)
	}
	for _, platform := range slices.Sorted(maps.Keys(m.Artifacts)) {
		a := m.Artifacts[platform]
		packed := ""
		if a.PackedSize > 0 {
			packed = ", packed " + size(a.PackedSize)
		}
		line("program", "%-14s %s  %s%s", platform, a.Digest.Short(), size(a.Size), packed)
		for _, one := range a.Deltas {
			line("", "  delta from   %s  %s", one.From.Short(), size(one.Size))
		}
	}
	if len(m.Yanked) > 0 {
		line("yanked", "%s", strings.Join(m.Yanked, " "))
	}
	for _, d := range m.Blocked {
		line("blocked", "%s", d)
	}
	for l := range strings.Lines(m.Notes) {
		line("notes", "%s", printable(l))
	}
	if s.Draft != "" {
		line("draft", "%s, not published", s.Draft)
	}
	return text.String()
}

// printable leaves out what would do something to a terminal: nobody has checked
// who wrote it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ReplaceAll(s, "\t", " "))
}
