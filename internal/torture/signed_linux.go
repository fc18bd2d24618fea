package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"aead.dev/minisign"

	"github.com/seed-3d078585/overseer/release"
)

// What the releases of a run with a trust policy are of.
const (
	product = "app"
	channel = "stable"
)

// Forgeries are releases that a service with a trust policy must never run, whatever
// their program is like.
const (
	unsigned   fault = "unsigned"
	wrongKey   fault = "signed by another key"
	otherBytes fault = "other bytes than were signed"
	expired    fault = "expired"
	replayed   fault = "of an old number"
	downgraded fault = "of a lower version"
)

// isForgery reports whether it is the statement that is wrong, and not the program.
func (f fault) isForgery() bool {
	switch f {
	case unsigned, wrongKey, otherBytes, expired, replayed, downgraded:
		return true
	}
	return false
}

// A publisher writes the releases of a channel as a signed manifest and a program.
// Its methods are called by one goroutine at a time.
type publisher struct {
	dir    string
	public minisign.PublicKey
	own    minisign.PrivateKey
	thief  minisign.PrivateKey
	number uint64
}

func newPublisher(dir string) (*publisher, error) {
	p := &publisher{dir: dir}
	var err, thief error
	p.public, p.own, err = minisign.GenerateKey(rand.Reader)
	_, p.thief, thief = minisign.GenerateKey(rand.Reader)
	return p, errors.Join(err, thief, os.MkdirAll(filepath.Join(dir, "signatures"), 0o755))
}

func (p *publisher) manifest() string { return filepath.Join(p.dir, channel+".json") }

// publish replaces what the channel offers. The program is there first, and its
// signature; what was offered before is removed last.
func (p *publisher) publish(r *published) error {
	p.number++
	program := fmt.Sprintf("program-%d", p.number)
	digest := sha256.Sum256(r.bytes)
	now := time.Now().UTC().Truncate(time.Second)
	m := release.Manifest{
		Product: product, Channel: channel, Seq: p.number, Version: fmt.Sprintf("0.1.%d", p.number),
		Issued: now, Expires: now.AddDate(0, 1, 0),
	}
	signer := p.own
	switch r.Fault {
	case wrongKey:
		signer = p.thief
	case otherBytes:
		digest = sha256.Sum256([]byte("what the publisher has signed"))
	case expired:
		m.Issued, m.Expires = now.AddDate(0, -2, 0), now.AddDate(0, -1, 0)
	case replayed:
		m.Seq = 1
	case downgraded:
		m.Version = "0.0.1"
	}
	m.Artifacts = map[string]release.Artifact{
		release.Platform(): {Size: int64(len(r.bytes)), Digest: digest, URLs: []string{program}},
	}
	text, err := m.Encode()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(p.dir, "program-*"))
	if err != nil {
		return err
	}
	signatures, err := filepath.Glob(filepath.Join(p.dir, "signatures", "*"))
	if err != nil {
		return err
	}
	if err := writeBinary(filepath.Join(p.dir, program), r.bytes); err != nil {
		return err
	}
	if r.Fault != unsigned {
		name := filepath.Join(p.dir, "signatures", fmt.Sprintf("%x.minisig", sha256.Sum256(text)))
		if err := os.WriteFile(name, sign(signer, text), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(p.manifest()+".new", text, 0o644); err != nil {
		return err
	}
	if err := os.Rename(p.manifest()+".new", p.manifest()); err != nil {
		return err
	}
	for _, path := range append(old, signatures...) {
		os.Remove(path) // another step's source may be in the way: what is left does no harm
	}
	return nil
}

// sign signs as minisign does today: the hash of the text.
func sign(key minisign.PrivateKey, text []byte) []byte {
	r := minisign.NewReader(bytes.NewReader(text))
	io.Copy(io.Discard, r) // from memory
	return r.Sign(key)
}
