package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"aead.dev/minisign"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
)

// A publisher makes a release directory.
type publisher struct {
	dir     string
	public  minisign.PublicKey
	private minisign.PrivateKey
	seq     uint64
}

func newPublisher(dir string) (*publisher, error) {
	public, private, err := minisign.GenerateKey(rand.Reader)
	return &publisher{dir: dir, public: public, private: private}, err
}

// publish makes a program the channel's, with a patch from another one where
// that is not nil.
func (p *publisher) publish(ctx context.Context, program, old []byte) error {
	p.seq++
	a := release.Artifact{Size: int64(len(program)), Digest: sha256.Sum256(program), URLs: []string{fmt.Sprintf("program-%d", p.seq)}}
	if err := p.put(a.URLs[0], program); err != nil {
		return err
	}
	if old != nil {
		var patch bytes.Buffer
		if _, err := delta.Diff(ctx, &patch, old, program); err != nil {
			return err
		}
		d := release.Delta{From: sha256.Sum256(old), Size: int64(patch.Len()), Digest: sha256.Sum256(patch.Bytes()), URLs: []string{fmt.Sprintf("delta-%d", p.seq)}}
		a.Deltas = []release.Delta{d}
		if err := p.put(d.URLs[0], patch.Bytes()); err != nil {
			return err
		}
	}
	text, err := release.Manifest{
		Product: "bench", Channel: "stable", Seq: p.seq, Version: fmt.Sprintf("1.0.%d", p.seq),
		Issued: time.Now().UTC(), Expires: time.Now().Add(time.Hour).UTC(),
		Artifacts: map[string]release.Artifact{release.Platform(): a},
	}.Encode()
	if err != nil {
		return err
	}
	if err := p.put(fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(text)), minisign.Sign(p.private, text)); err != nil {
		return err
	}
	return p.put("stable.json", text)
}

func (p *publisher) put(name string, data []byte) error {
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// noise is a program of so many bytes that nothing can be done with. Programs of
// one size differ by their number in a hundredth of their bytes.
func noise(size, number int) []byte {
	b := make([]byte, size)
	mathrand.NewChaCha8([32]byte{1}).Read(b)
	mathrand.NewChaCha8([32]byte{2, byte(number)}).Read(b[:size/100])
	return b
}
