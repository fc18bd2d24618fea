package main

import (
	"context"
	"fmt"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

var pruneCommand = releaseCommand{
	name:  "prune",
	args:  "DIR [--keep COUNT] [--dry-run]",
	about: "remove what no release needs any more",
	text: `
Removes programs, deltas, earlier manifests and their signatures that neither the
current release of a channel, nor the last releases up to --keep of them, nor a
draft needs. yank can go back to what is kept; deltas are made from it.

What was uploaded elsewhere stays there.
`,
	examples: `
  overseer release prune DIR --dry-run
  overseer release prune DIR --keep 10
`,
	setup: func(k *call) func(context.Context) error {
		keep := k.flags.Int("keep", publish.DefaultKeep, "`COUNT` of releases of each channel that stay, the current one among them")
		dry := k.flags.Bool("dry-run", false, "only say what would be removed")
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			if *keep < 1 {
				return usagef("--keep %d: want 1 or more", *keep)
			}
			d, err := k.open(args[0])
			if err != nil {
				return err
			}
			p, err := d.Prune(ctx, *keep, *dry)
			if err != nil {
				return err
			}
			text, verb := "", "removed"
			if *dry {
				verb = "would remove"
			}
			for _, name := range p.Files {
				text += verb + " " + name + "\n"
			}
			return k.result(p, fmt.Sprintf("%s%s %d file(s), %s\n", text, verb, len(p.Files), size(p.Bytes)))
		}
	},
}
