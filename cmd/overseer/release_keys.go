package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// rooted are the flags of commands that change the key list.
type rooted struct {
	roots *secrets
	keys  list
	to    list
	publish.ListChange
}

func (k *call) rooted() *rooted {
	r := &rooted{roots: &secrets{call: k, flag: "root"}}
	k.flags.Var(&r.roots.paths, "root", "secret root key `FILE` to sign the list with; may be given several times")
	k.flags.Var(&r.keys, "key", "secret release key `FILE`, where the current manifests would count no more without its signature; may be given several times")
	k.passwords(&r.roots.words)
	k.flags.Var(&r.Expires, "expires", "how long the list counts, as a `PERIOD` (default 1y)")
	k.to(&r.to)
	return r
}

func (k *call) changeList(ctx context.Context, r *rooted) error {
	args, err := k.want("DIR")
	if err != nil {
		return err
	}
	d, err := k.open(args[0])
	if err != nil {
		return err
	}
	if r.Roots, err = r.roots.read(ctx, true); err != nil {
		return err
	}
	signing := &secrets{call: k, flag: "key", paths: r.keys, words: r.roots.words}
	if r.Signers, err = signing.read(ctx, false); err != nil {
		return err
	}
	listed, err := d.ChangeList(ctx, r.ListChange)
	if err != nil {
		return err
	}
	return k.finishList(ctx, d, r.to, listed)
}

func (k *call) finishList(ctx context.Context, d *publish.Directory, to []string, listed publish.Listed) error {
	sent, err := k.upload(ctx, d, to)
	out := struct {
		List     publish.Listed `json:"list"`
		Uploaded []publish.Sent `json:"uploaded,omitempty"`
	}{listed, sent}
	text := fmt.Sprintf("key list %d: %d key(s), threshold %d, until %s\n", listed.Seq, len(listed.Keys), listed.Threshold, listed.Expires.Format("2006-01-02 15:04 UTC"))
	if outErr := k.result(out, text+sentLines(sent)); outErr != nil {
		return outErr
	}
	return err
}

// ids takes public keys, their files, or their IDs.
func ids(given []string) (all []string, err error) {
	for _, one := range given {
		id := strings.ToUpper(one)
		const digits = 16
		if len(id) != digits || strings.Trim(id, "0123456789ABCDEF") != "" {
			p, err := keys.ReadPublic(one)
			if err != nil {
				return nil, usagef("%v; or give its ID of %d digits", err, digits)
			}
			id = p.ID()
		}
		all = append(all, id)
	}
	return all, nil
}

var keysSignCommand = releaseCommand{
	name:  "keys sign",
	args:  "DIR --root FILE",
	about: "add the signature of another root key to the key list",
	text: `
For hosts that want the signatures of several root keys, where these are not in
one place.
`,
	setup: func(k *call) func(context.Context) error {
		roots := &secrets{call: k, flag: "root"}
		var to list
		k.flags.Var(&roots.paths, "root", "secret root key `FILE` to sign the list with; may be given several times")
		k.passwords(&roots.words)
		k.to(&to)
		return func(ctx context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			d, err := k.open(args[0])
			if err != nil {
				return err
			}
			signers, err := roots.read(ctx, true)
			if err != nil {
				return err
			}
			listed, err := d.SignList(ctx, signers)
			if err != nil {
				return err
			}
			return k.finishList(ctx, d, to, listed)
		}
	},
}

var keysShowCommand = releaseCommand{
	name:  "keys show",
	args:  "DIR|URL [--json]",
	about: "show the key list",
	text: `
Shows the list as it is. It checks no signature: verify does.
`,
	setup: func(k *call) func(context.Context) error {
		return func(ctx context.Context) error {
			args, err := k.want("DIR or URL")
			if err != nil {
				return err
			}
			p := fetcher.Dir(args[0])
			if isRemote(args[0]) {
				if p, _, err = openPlace(args[0]); err != nil {
					return err
				}
			} else if _, err := k.open(args[0]); err != nil {
				return err
			}
			l, signedBy, err := publish.ShowList(ctx, p)
			if err != nil {
				return err
			}
			return k.result(struct {
				List     release.KeyList `json:"list"`
				SignedBy []string        `json:"signed_by"`
			}{l, signedBy}, listText(l, signedBy))
		}
	},
}

func listText(l release.KeyList, signedBy []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "key list %d of %s\n  expires    %s\n  threshold  %d\n  signed by  %s\n", l.Seq, l.Product, l.Expires.UTC().Format("2006-01-02T15:04:05Z"), l.Threshold, strings.Join(signedBy, " "))
	for _, key := range l.Keys {
		id := "?"
		if p, err := keys.ParsePublic(key.Public); err == nil {
			id = p.ID()
		}
		fmt.Fprintf(&text, "  key        %s  %s", id, printable(key.Public))
		if !key.Expires.IsZero() {
			fmt.Fprintf(&text, "  until %s", key.Expires.UTC().Format("2006-01-02T15:04:05Z"))
		}
		if key.Comment != "" {
			fmt.Fprintf(&text, "  %s", printable(key.Comment))
		}
		fmt.Fprintln(&text)
	}
	for _, id := range l.Revoked {
		fmt.Fprintf(&text, "  revoked    %s\n", printable(id))
	}
	return text.String()
}
