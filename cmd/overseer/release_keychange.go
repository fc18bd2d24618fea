package main

import (
	"context"
)

var keysInitCommand = releaseCommand{
	name:  "keys init",
	args:  "DIR --root FILE --release KEY… [flags]",
	about: "begin the key list, by which a root signs release keys",
	text: `
With a key list hosts are built with root keys only, which stay offline: they sign
the list, and the list says which release keys count. So release keys come, go and
expire without touching a host.

The root key is made by keygen like any other. It is needed about once a year, and
when a release key was lost or stolen. The current manifests are signed by the
release keys of the list if they are not yet: name those by --key.

Where hosts shall want several root keys, name all of them that are at hand by
--root, the public keys of the others by --root-pub, and --root-threshold.
`,
	examples: `
  overseer release keygen -o root.key
  overseer release keys init DIR --root root.key --release release.pub --key release.key
`,
	setup: func(k *call) func(context.Context) error {
		r := k.rooted()
		r.Begin = true
		var add, others list
		k.flags.Var(&add, "release", "public release `KEY` that counts: its line or its file; may be given several times")
		k.flags.Var(&r.KeyExpires, "key-expires", "how long these keys count, as a `PERIOD` (default: with the list)")
		k.flags.IntVar(&r.Threshold, "threshold", 1, "`COUNT` of release keys that must have signed a release")
		k.flags.Var(&others, "root-pub", "public root `KEY` that signs the list later; may be given several times")
		k.flags.IntVar(&r.RootThreshold, "root-threshold", 1, "`COUNT` of root keys that must have signed the list")
		return func(ctx context.Context) (err error) {
			if len(add) == 0 {
				return usagef("name the release keys by --release")
			}
			if r.Add, err = publics(add); err != nil {
				return err
			}
			if r.OtherRoots, err = publics(others); err != nil {
				return err
			}
			return k.changeList(ctx, r)
		}
	},
}

var keysAddCommand = releaseCommand{
	name:  "keys add",
	args:  "DIR --root FILE --release KEY… [flags]",
	about: "add release keys to the key list",
	text: `
The keys count from now on, and the others go on to count. Where --threshold rises
with them, the current manifests need their signatures: name the secret keys by
--key.
`,
	examples: `
  overseer release keys add DIR --root root.key --release second.pub --key-expires 180d
`,
	setup: func(k *call) func(context.Context) error {
		r := k.rooted()
		var add list
		k.flags.Var(&add, "release", "public release `KEY` that counts: its line or its file; may be given several times")
		k.flags.Var(&r.KeyExpires, "key-expires", "how long these keys count, as a `PERIOD` (default: with the list)")
		k.flags.StringVar(&r.Comment, "comment", "", "`TEXT` for people: whose key it is")
		k.flags.IntVar(&r.Threshold, "threshold", 0, "`COUNT` of release keys that must have signed a release (default: as before)")
		return func(ctx context.Context) (err error) {
			if len(add) == 0 {
				return usagef("name the release keys by --release")
			}
			if r.Add, err = publics(add); err != nil {
				return err
			}
			return k.changeList(ctx, r)
		}
	},
}

var keysRevokeCommand = releaseCommand{
	name:  "keys revoke",
	args:  "DIR --root FILE --release KEY… [flags]",
	about: "revoke release keys: what they sign counts no more",
	text: `
For a key that was lost or stolen. It never comes back. The current manifests must
count without it: name the secret keys that stay by --key, and they are signed
before the list is put in place. Where it was the only key, use keys rotate
--revoke.
`,
	examples: `
  overseer release keys revoke DIR --root root.key --release 0123456789ABCDEF --key second.key
`,
	setup: func(k *call) func(context.Context) error {
		r := k.rooted()
		var gone list
		k.flags.Var(&gone, "release", "release `KEY`: its ID, its line or its file; may be given several times")
		k.flags.IntVar(&r.Threshold, "threshold", 0, "`COUNT` of release keys that must have signed a release (default: as before)")
		return func(ctx context.Context) (err error) {
			if len(gone) == 0 {
				return usagef("name the keys by --release")
			}
			if r.Revoke, err = ids(gone); err != nil {
				return err
			}
			return k.changeList(ctx, r)
		}
	},
}

var keysRotateCommand = releaseCommand{
	name:  "keys rotate",
	args:  "DIR --root FILE --old KEY --new KEY --key FILE [flags]",
	about: "replace a release key by another",
	text: `
The current manifests are signed by the new key first (--key names its secret
half), then the list is put in place that has the new key and not the old one. A
host that looks in between finds both good. With --revoke what the old key signs
counts no more, whoever else names it.
`,
	examples: `
  overseer release keygen -o new.key
  overseer release keys rotate DIR --root root.key --old release.pub --new new.pub --key new.key
`,
	setup: func(k *call) func(context.Context) error {
		r := k.rooted()
		old := k.flags.String("old", "", "release `KEY` that goes: its ID, its line or its file")
		fresh := k.flags.String("new", "", "public release `KEY` that comes: its line or its file")
		revoke := k.flags.Bool("revoke", false, "revoke the old key too")
		k.flags.Var(&r.KeyExpires, "key-expires", "how long the new key counts, as a `PERIOD` (default: with the list)")
		k.flags.StringVar(&r.Comment, "comment", "", "`TEXT` for people: whose key it is")
		return func(ctx context.Context) (err error) {
			if *old == "" || *fresh == "" {
				return usagef("name both keys by --old and --new")
			}
			gone, err := ids([]string{*old})
			if err != nil {
				return err
			}
			if r.Add, err = publics([]string{*fresh}); err != nil {
				return err
			}
			if *revoke {
				r.Revoke = gone
			} else {
				r.Remove = gone
			}
			return k.changeList(ctx, r)
		}
	},
}

var keysRenewCommand = releaseCommand{
	name:  "keys renew",
	args:  "DIR --root FILE [flags]",
	about: "issue the key list anew, so that it expires later",
	text: `
By an expired list no host upgrades. The keys in it stay as they are.
`,
	examples: `
  overseer release keys renew DIR --root root.key --expires 1y
`,
	setup: func(k *call) func(context.Context) error {
		r := k.rooted()
		return func(ctx context.Context) error { return k.changeList(ctx, r) }
	},
}
