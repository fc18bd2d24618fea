package main

import (
	"context"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

var publishCommand = releaseCommand{
	name:  "publish",
	args:  "DIR --key FILE [flags]",
	about: "sign what was added and make it the release of its channel",
	text: `
Gives the draft the next number (seq), signs it, and puts it in place: every file
is on the disk and has its name before the manifest, which is renamed last. Who is
killed in the middle has published or has not, and calls publish again.

Without a draft the current release is issued anew, so that it expires later. Do
that by a timer if releases are rarer than manifests expire.

With --to the files are uploaded afterwards, the manifests last. A place that has
a higher seq than this directory is left alone: somebody published from another
copy. Keep the directory; it is what knows the numbers and the earlier programs.

--min-seq makes hosts refuse, in any channel, all manifests with a lower seq that
somebody may still serve them.
`,
	examples: `
  overseer release publish DIR --key release.key
  overseer release publish DIR --key release.key --to /srv/www/app
  overseer release publish DIR --key release.key --to s3://releases/app
  overseer release publish DIR --key a.key --key b.key --expires 30d
`,
	setup: func(k *call) func(context.Context) error {
		i := k.issuing()
		channel := k.flags.String("channel", "", "channel `NAME` (default: the setting of init)")
		floor := k.flags.Uint64("min-seq", 0, "lowest `SEQ` that still counts")
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			d, err := k.open(args[0])
			if err != nil {
				return err
			}
			how, err := i.how(ctx)
			if err != nil {
				return err
			}
			how.MinSeq = *floor
			issued, err := d.Publish(ctx, *channel, how)
			if err != nil {
				return err
			}
			return k.finish(ctx, d, i.to, issued)
		}
	},
}

var signCommand = releaseCommand{
	name:  "sign",
	args:  "DIR --key FILE [--channel NAME]",
	about: "add the signature of another key to the current manifest",
	text: `
For hosts that want the signatures of several keys: see --threshold of init. The
manifest stays as it is. A key that has signed it already changes nothing.
`,
	examples: `
  overseer release sign DIR --key second.key
`,
	setup: func(k *call) func(context.Context) error {
		s := k.secrets()
		var to list
		k.to(&to)
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
			signers, err := s.read(ctx, true)
			if err != nil {
				return err
			}
			issued, err := d.Sign(ctx, *channel, signers)
			if err != nil {
				return err
			}
			return k.finish(ctx, d, to, issued)
		}
	},
}

var uploadCommand = releaseCommand{
	name:  "upload",
	args:  "DIR --to PLACE…",
	about: "bring what is published to where hosts read it",
	text: `
Does what --to of publish does, and nothing else: after an upload that failed, or
to one place more. Files that are there are not sent again.
`,
	examples: `
  overseer release upload DIR --to /srv/www/app
`,
	setup: func(k *call) func(context.Context) error {
		var to list
		k.to(&to)
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			if len(to) == 0 {
				return usagef("name the place by --to")
			}
			d, err := k.open(args[0])
			if err != nil {
				return err
			}
			sent, err := k.upload(ctx, d, to)
			if err != nil {
				return err
			}
			return k.result(struct {
				Uploaded []publish.Sent `json:"uploaded"`
			}{sent}, sentLines(sent))
		}
	},
}
