package main

import (
	"context"
	"fmt"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
)

var keygenCommand = releaseCommand{
	name:  "keygen",
	args:  "[-o FILE] [--no-password]",
	about: "make a pair of keys",
	text: `
Makes a secret key, which signs, and its public key, which hosts are built with:
release.key, readable by its owner only, and release.pub. Both are in the form of
minisign, and minisign -S and -V take them. No file is ever overwritten.

The secret key is protected by a password. It is asked for on the terminal, twice
and without echo; or taken from --password-file, or from the environment variable
OVERSEER_KEY_PASSWORD. Trying one password takes about a second and a gigabyte of
memory. --no-password leaves the key open, for a machine that keeps it safe in
another way.

Whoever has the secret key can publish. Whoever loses it can publish no more to
hosts that trust it alone: see overseer release help keys init.
`,
	examples: `
  overseer release keygen -o release.key
  OVERSEER_KEY_PASSWORD=… overseer release keygen -o ci.key
`,
	setup: func(k *call) func(context.Context) error {
		out := k.flags.String("o", "release.key", "`FILE` for the secret key; the public one is beside it and ends in .pub")
		open := k.flags.Bool("no-password", false, "do not protect the secret key by a password")
		var words string
		k.passwords(&words)
		return func(ctx context.Context) error {
			if _, err := k.want(); err != nil {
				return err
			}
			return k.keygen(ctx, *out, words, *open)
		}
	},
}

func (k *call) keygen(ctx context.Context, out, words string, open bool) error {
	if err := keys.Free(out); err != nil {
		return err
	}
	password := ""
	if !open {
		from, err := keys.FindPasswords(ctx, words)
		if err != nil {
			return err
		}
		if password, err = from.New(); err != nil {
			return err
		}
	}
	public, err := keys.Generate(out, password)
	if err != nil {
		return err
	}
	made := struct {
		Secret string `json:"secret"`
		Public string `json:"public"`
		ID     string `json:"id"`
		Key    string `json:"key"`
	}{out, keys.PublicPath(out), public.ID(), public.String()}
	return k.result(made, fmt.Sprintf("secret key  %s  keep it safe, and a copy elsewhere\npublic key  %s  %s\n\nhosts trust it by trust.Minisign(%q)\n", out, made.Public, public.ID(), public))
}
