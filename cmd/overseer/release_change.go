package main

import (
	"context"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

var promoteCommand = releaseCommand{
	name:  "promote",
	args:  "DIR FROM TO --key FILE [flags]",
	about: "make the release of one channel that of another",
	text: `
The programs are the same bytes. Deltas from what the hosts of the channel TO are
at are made and added. With --rollout it reaches a part of them first.
`,
	examples: `
  overseer release promote DIR beta stable --key release.key
  overseer release promote DIR beta stable --key release.key --rollout 100 --from 5 --ramp 24h
`,
	setup: func(k *call) func(context.Context) error {
		i, st := k.issuing(), k.stage("rollout")
		k.flags.Float64Var(&st.from, "from", 0, "`PERCENT` where the ramp begins")
		deltas := k.flags.Int("deltas", 0, "`COUNT` of earlier programs to have deltas from (default: the setting of init)")
		return func(ctx context.Context) error {
			args, err := k.want("DIR", "FROM", "TO")
			if err != nil {
				return err
			}
			o := publish.PromoteOptions{From: args[1], To: args[2]}
			if err := st.check("rollout"); err != nil {
				return err
			}
			if k.given("rollout") || st.ramp != 0 {
				s := st.stage()
				o.Stage = &s
			}
			if k.given("deltas") {
				o.Deltas = deltas
			}
			return k.issue(ctx, args[0], i, func(d *publish.Directory, how publish.How) ([]publish.Issued, error) {
				issued, err := d.Promote(ctx, o, how)
				return []publish.Issued{issued}, err
			})
		}
	},
}

var rolloutCommand = releaseCommand{
	name:  "rollout",
	args:  "DIR --percent PERCENT --key FILE [flags]",
	about: "let the current release reach more of the hosts, or fewer",
	text: `
Each host has a place among all, from 0 to 100, made of its machine ID and of the
release. A release reaches those below the percentage: so the hosts at 10 % are
among those at 25 %, and the next release begins with other ones. No server
decides it, and no host says who it is.

With --ramp the percentage grows by itself from --from (default: where it is now)
to --percent. --percent 0 holds a release back from hosts that have not upgraded;
those that have stay upgraded: to withdraw it, yank it.
`,
	examples: `
  overseer release rollout DIR --percent 25 --key release.key
  overseer release rollout DIR --percent 100 --ramp 24h --key release.key
  overseer release rollout DIR --percent 0 --key release.key
`,
	setup: func(k *call) func(context.Context) error {
		i, st := k.issuing(), k.stage("percent")
		k.flags.Float64Var(&st.from, "from", 0, "`PERCENT` where the ramp begins (default: where the release is now)")
		channel := k.flags.String("channel", "", "channel `NAME` (default: the setting of init)")
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			if !k.given("percent") {
				return usagef("name the --percent")
			}
			if err := st.check("percent"); err != nil {
				return err
			}
			var from *float64
			if k.given("from") {
				from = &st.from
			}
			return k.issue(ctx, args[0], i, func(d *publish.Directory, how publish.How) ([]publish.Issued, error) {
				issued, err := d.Rollout(ctx, *channel, st.stage(), from, how)
				return []publish.Issued{issued}, err
			})
		}
	},
}

var yankCommand = releaseCommand{
	name:  "yank",
	args:  "DIR VERSION --key FILE [flags]",
	about: "withdraw a version, and go back to the one before",
	text: `
In all channels: the version is listed as yanked, its programs are blocked, and a
channel whose current release it is goes back to its newest release that nothing
is wrong with. Hosts at the yanked version follow it there, although its version
is lower. It is a new manifest like any other, with the next seq.

A yanked version never comes back; publish a higher one.
`,
	examples: `
  overseer release yank DIR 1.2.3 --key release.key --to s3://releases/app
`,
	setup: func(k *call) func(context.Context) error {
		i := k.issuing()
		return func(ctx context.Context) error {
			args, err := k.want("DIR", "VERSION")
			if err != nil {
				return err
			}
			return k.issue(ctx, args[0], i, func(d *publish.Directory, how publish.How) ([]publish.Issued, error) {
				return d.Yank(ctx, args[1], how)
			})
		}
	},
}

var blockCommand = releaseCommand{
	name:  "block",
	args:  "DIR DIGEST… --key FILE [flags]",
	about: "forbid programs by their digest",
	text: `
Lists the SHA-256 of programs in the manifests of all channels as those that must
not run. A digest of a program of this directory may be cut to 8 digits or more.
The current release of a channel cannot be blocked: yank its version.
`,
	examples: `
  overseer release block DIR 9f86d081884c --key release.key
`,
	setup: func(k *call) func(context.Context) error {
		i := k.issuing()
		return func(ctx context.Context) error {
			if len(k.args) < 2 {
				return usagef("want DIR DIGEST…, got %q", k.args)
			}
			return k.issue(ctx, k.args[0], i, func(d *publish.Directory, how publish.How) ([]publish.Issued, error) {
				return d.Block(ctx, k.args[1:], how)
			})
		}
	},
}

// issue is what the commands of this file have in common.
func (k *call) issue(ctx context.Context, dir string, i *issuing, do func(*publish.Directory, publish.How) ([]publish.Issued, error)) error {
	d, err := k.open(dir)
	if err != nil {
		return err
	}
	how, err := i.how(ctx)
	if err != nil {
		return err
	}
	all, err := do(d, how)
	if err != nil {
		return err
	}
	return k.finish(ctx, d, i.to, all...)
}
