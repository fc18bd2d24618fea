package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// A list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// secrets are the flags of secret keys.
type secrets struct {
	call  *call
	flag  string
	paths list
	words string // path of the password file
}

const keyUsage = "secret key `FILE` to sign with; may be given several times"

func (k *call) secrets() *secrets {
	s := &secrets{call: k, flag: "key"}
	k.flags.Var(&s.paths, "key", keyUsage)
	k.passwords(&s.words)
	return s
}

func (k *call) passwords(path *string) {
	k.flags.StringVar(path, "password-file", "", "`FILE` with the passwords of secret keys, one a line; each is tried. Else the variable "+keys.PasswordVariable+" is used, else the terminal asks")
}

// read returns the keys; none is an error where one is needed.
func (s *secrets) read(ctx context.Context, needed bool) (all []keys.Secret, err error) {
	if needed && len(s.paths) == 0 {
		return nil, usagef("name the secret key to sign with by --%s", s.flag)
	}
	words, err := keys.FindPasswords(ctx, s.words)
	if err != nil {
		return nil, err
	}
	for _, path := range s.paths {
		secret, err := keys.ReadSecret(path, words)
		if err != nil {
			return nil, err
		}
		all = append(all, secret)
	}
	return all, nil
}

// publics reads public keys: lines or files.
func publics(given []string) (all []keys.Public, err error) {
	for _, one := range given {
		p, err := keys.ReadPublic(one)
		if err != nil {
			return nil, usagef("%v", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// issuing are the flags of commands that issue manifests.
type issuing struct {
	*secrets
	expires period.Period
	to      list
}

func (k *call) issuing() *issuing {
	i := &issuing{secrets: k.secrets()}
	k.flags.Var(&i.expires, "expires", "how long the manifest counts, as a `PERIOD` such as 90d (default: the setting of init). No host upgrades by an expired one")
	k.to(&i.to)
	return i
}

func (k *call) to(to *list) {
	k.flags.Var(to, "to", "`PLACE` to upload to afterwards: another directory, s3://BUCKET/PREFIX, oci://REGISTRY/REPOSITORY; may be given several times")
}

func (i *issuing) how(ctx context.Context) (publish.How, error) {
	signers, err := i.read(ctx, true)
	return publish.How{Signers: signers, Expires: i.expires}, err
}

// finish writes what was issued and uploads it. A failed upload says how to go
// on: what was issued stays issued.
func (k *call) finish(ctx context.Context, d *publish.Directory, to []string, all ...publish.Issued) error {
	text := ""
	for _, one := range all {
		text += issuedLine(one)
	}
	sent, err := k.upload(ctx, d, to)
	text += sentLines(sent)
	out := struct {
		Issued   []publish.Issued `json:"issued"`
		Uploaded []publish.Sent   `json:"uploaded,omitempty"`
	}{all, sent}
	if outErr := k.result(out, text); outErr != nil {
		return outErr
	}
	if err != nil {
		return fmt.Errorf("%w\nwhat was published stays published here; to go on: overseer release upload", err)
	}
	return nil
}

func issuedLine(one publish.Issued) string {
	verb := "published"
	if !one.Changed {
		verb = "unchanged"
	}
	return fmt.Sprintf("%s %s %s as seq %d, until %s\n", verb, one.Channel, one.Version, one.Seq, one.Expires.Format("2006-01-02 15:04 UTC"))
}

func (k *call) upload(ctx context.Context, d *publish.Directory, to []string) (all []publish.Sent, err error) {
	for _, place := range to {
		destination, err := openDestination(place)
		if err != nil {
			return all, err
		}
		sent, err := d.Upload(ctx, destination)
		if err != nil {
			return all, err
		}
		all = append(all, sent)
	}
	return all, nil
}

func sentLines(all []publish.Sent) (text string) {
	for _, s := range all {
		text += fmt.Sprintf("uploaded %d file(s), %s, to %s; %d were there\n", s.Files, size(s.Bytes), s.To, s.Kept)
	}
	return text
}

// notes takes a text, or the name of a file behind an @.
func notes(given string) (string, error) {
	path, isFile := strings.CutPrefix(given, "@")
	if !isFile {
		return given, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read notes: %w", err)
	}
	return string(text), nil
}

// size of a file as a person reads it.
func size(n int64) string {
	const kilo = 1000
	switch {
	case n < kilo:
		return fmt.Sprintf("%d B", n)
	case n < kilo*kilo:
		return fmt.Sprintf("%.1f kB", float64(n)/kilo)
	case n < kilo*kilo*kilo:
		return fmt.Sprintf("%.1f MB", float64(n)/kilo/kilo)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/kilo/kilo/kilo)
}
