package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/goreleaser"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

var addCommand = releaseCommand{
	name:  "add",
	args:  "DIR --version VERSION [flags] [PLATFORM=]FILE…",
	about: "prepare a release: pack programs and make deltas",
	text: `
Packs the programs, makes deltas to them from the last programs that the channel
has published for the same platform, and keeps all that as a draft. Hosts see
nothing of it before publish. It may be called again for further platforms of the
same version; a program that is added again replaces the earlier one.

A PLATFORM is GOOS/GOARCH, such as linux/amd64. Without it, it is read from the
program's header; with it, a program that is for another one is refused.

A FILE that is a directory is a directory release, for overseer run and its
like: all that is in it becomes one tar, the same each time. It needs a PLATFORM.

A delta that has more than 70 % of the packed program is left out, and said.
Each delta is applied before it is kept. A host that has one of the earlier
programs then fetches some percent of the size only.

--rollout lets the release reach a part of the hosts first: see overseer release
help rollout. --urgent is for a security release: no rollout holds it back.
`,
	examples: `
  overseer release add DIR --version 1.2.3 linux/amd64=app
  overseer release add DIR --version 1.2.3 --notes @notes.md dist/linux/app dist/mac/app
  overseer release add DIR --version 1.2.3 linux/amd64=build/tree
  overseer release add DIR --goreleaser dist
  overseer release add DIR --version 1.2.3 --rollout 100 --from 5 --ramp 24h app
`,
	setup: func(k *call) func(context.Context) error {
		var o publish.AddOptions
		st := k.stage("rollout")
		k.flags.Float64Var(&st.from, "from", 0, "`PERCENT` where the ramp begins")
		k.flags.StringVar(&o.Channel, "channel", "", "channel `NAME` (default: the setting of init)")
		k.flags.StringVar(&o.Version, "version", "", "semantic `VERSION`; with --goreleaser it need not be given")
		text := k.flags.String("notes", "", "`TEXT` for people, or @FILE")
		urgent := k.flags.Bool("urgent", false, "a security release: no rollout holds it back")
		deltas := k.flags.Int("deltas", 0, "`COUNT` of earlier programs to make deltas from (default: the setting of init)")
		dist := k.flags.String("goreleaser", "", "`DIST` directory of goreleaser: its artifacts.json says which programs, its metadata.json which version")
		binary := k.flags.String("binary", "", "`NAME` of the program in DIST, where there are several")
		return func(ctx context.Context) (err error) {
			if len(k.args) == 0 {
				return usagef("want DIR and programs")
			}
			if err := st.check("rollout"); err != nil {
				return err
			}
			if k.given("rollout") || st.ramp != 0 {
				s := st.stage()
				o.Stage = &s
			}
			if k.given("notes") {
				if *text, err = notes(*text); err != nil {
					return err
				}
				o.Notes = text
			}
			if k.given("urgent") {
				o.Urgent = urgent
			}
			if k.given("deltas") {
				o.Deltas = deltas
			}
			if o.Inputs, err = inputs(k.args[1:], *dist, *binary, &o.Version); err != nil {
				return err
			}
			return k.add(ctx, k.args[0], o)
		}
	},
}

// inputs are the programs of the command line and those of goreleaser, which
// says the version where the command line does not.
func inputs(args []string, dist, binary string, version *string) (all []publish.Input, err error) {
	for _, arg := range args {
		platform, path, ok := strings.Cut(arg, "=")
		if !ok || !strings.Contains(platform, "/") || strings.HasPrefix(platform, "/") || strings.HasPrefix(platform, ".") {
			platform, path = "", arg // a file with = in its name
		}
		all = append(all, publish.Input{Platform: platform, Path: path})
	}
	if dist != "" {
		found, err := goreleaser.Programs(dist, binary)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			all = append(all, publish.Input{Platform: p.Platform, Path: p.Path})
		}
		if *version == "" {
			if *version, err = goreleaser.Version(dist); err != nil {
				return nil, err
			}
		}
	}
	if len(all) == 0 {
		return nil, usagef("name the programs, or --goreleaser DIST")
	}
	if *version == "" {
		return nil, usagef("name the --version")
	}
	return all, nil
}

func (k *call) add(ctx context.Context, dir string, o publish.AddOptions) error {
	d, err := k.open(dir)
	if err != nil {
		return err
	}
	added, err := d.Add(ctx, o)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, platform := range slices.Sorted(maps.Keys(added.Artifacts)) {
		a := added.Artifacts[platform]
		fmt.Fprintf(&text, "%-16s %s  %s, packed %s", platform, a.Digest.Short(), size(a.Size), size(a.PackedSize))
		for _, one := range a.Deltas {
			fmt.Fprintf(&text, ", delta from %s %s", one.From.Short(), size(one.Size))
		}
		fmt.Fprintln(&text)
	}
	fmt.Fprintf(&text, "prepared %s %s; to go on: overseer release publish\n", added.Channel, added.Version)
	return k.result(added, text.String())
}

var discardCommand = releaseCommand{
	name:  "discard",
	args:  "DIR [--channel NAME]",
	about: "forget what was added and is not published",
	text: `
Removes the draft of a channel. What is published is not touched.
`,
	setup: func(k *call) func(context.Context) error {
		channel := k.flags.String("channel", "", "channel `NAME` (default: the setting of init)")
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			d, err := k.open(args[0])
			if err != nil {
				return err
			}
			was, err := d.Discard(ctx, *channel)
			if err != nil {
				return err
			}
			text := "there was no draft\n"
			if was {
				text = "the draft is gone\n"
			}
			return k.result(map[string]bool{"changed": was}, text)
		}
	},
}
