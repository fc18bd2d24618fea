package trusttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
)

// Channel is the one that a [Publisher] publishes in.
const Channel = "stable"

// otherPlatform is in every manifest, beside that of this process.
const otherPlatform = "plan9/386"

// A Publisher publishes releases of one product. Its keys and its directory
// are of this test alone. It is not safe for concurrent use.
type Publisher struct {
	Product string

	// Root signs the key list, Release the manifests. Stolen was a release
	// key, until the thief was found out: the key list revokes it.
	Root, Release, Stolen *Key

	// Program makes the program of a version. Default: 32 KiB of noise, most
	// of which all versions share. A test that runs its programs sets it.
	Program func(version string) []byte

	// Deltas is from how many earlier programs a manifest has patches.
	// Default: 2.
	Deltas int

	tb         testing.TB
	encoder    *zstd.Encoder
	seq        uint64
	list       release.KeyList
	files      Files
	programs   [][]byte // earlier ones for this platform, the newest last
	historical Files    // the directory before Stolen was revoked
}

// NewPublisher makes the keys and the first key list.
func NewPublisher(tb testing.TB, product string) *Publisher {
	tb.Helper()
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(128<<10))
	if err != nil {
		tb.Fatalf("trusttest: %v", err)
	}
	p := &Publisher{
		Product: product, Program: noise, Deltas: 2, tb: tb, encoder: encoder, files: Files{},
		Root: NewKey(tb), Release: NewKey(tb), Stolen: NewKey(tb),
	}
	p.list = release.KeyList{
		Product: product, Threshold: 1, Expires: now().AddDate(1, 0, 0),
		Keys: []release.Key{{Public: p.Stolen.Public()}, {Public: p.Release.Public()}},
	}
	p.PublishKeys()
	return p
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// noise is a program that nothing can be done with.
func noise(version string) []byte {
	b := make([]byte, 32<<10)
	rand.NewChaCha8([32]byte{1}).Read(b)
	rand.NewChaCha8(sha256.Sum256([]byte(version))).Read(b[:4<<10])
	return b
}

// Files returns the directory as it is now.
func (p *Publisher) Files() Files { return p.files.Clone() }

// Latest returns the program that was published last, for this platform.
func (p *Publisher) Latest() []byte { return p.programs[len(p.programs)-1] }

// History publishes what a host has seen before an attack, and returns the
// directory: 1.0.0 and 1.1.0, then the key list that revokes Stolen, then
// 1.2.0, since which the first manifest is below the floor.
func (p *Publisher) History() Files {
	p.tb.Helper()
	p.Publish("1.0.0")
	p.Publish("1.1.0")
	p.historical = p.Files()
	p.PublishKeys(func(l *release.KeyList) {
		l.Keys = []release.Key{{Public: p.Release.Public()}}
		l.Revoked = []string{p.Stolen.ID()}
	})
	return p.Publish("1.2.0", func(m *release.Manifest) { m.MinSeq = 2 })
}

// Publish publishes a version with the next number, signed by Release, and
// returns the directory. Each change is made to the manifest before it is
// signed.
func (p *Publisher) Publish(version string, changes ...func(*release.Manifest)) Files {
	p.tb.Helper()
	return p.Put(p.Encode(p.Manifest(version, changes...)), p.Release)
}

// Manifest puts the programs of a version in the directory, with patches from
// those before, and returns a manifest of it with the next number.
func (p *Publisher) Manifest(version string, changes ...func(*release.Manifest)) release.Manifest {
	p.tb.Helper()
	p.seq++
	program := p.Program(version)
	a := p.Add(program)
	for _, old := range p.programs[max(0, len(p.programs)-p.Deltas):] {
		if !bytes.Equal(old, program) {
			a.Deltas = append(a.Deltas, p.addDelta(old, program))
		}
	}
	p.programs = append(p.programs, program)
	m := release.Manifest{
		Product: p.Product, Channel: Channel, Seq: p.seq, Version: version,
		Issued: now(), Expires: now().AddDate(0, 1, 0),
		Artifacts: map[string]release.Artifact{
			release.Platform(): a,
			otherPlatform:      p.Add(append([]byte("of another platform: "), program...)),
		},
	}
	for _, change := range changes {
		change(&m)
	}
	return m
}

// Add packs a program and puts it in the directory.
func (p *Publisher) Add(program []byte) release.Artifact {
	p.tb.Helper()
	packed := p.zstd(program)
	a := release.Artifact{
		Size: int64(len(program)), Digest: sha256.Sum256(program),
		Packing: release.Zstd, PackedSize: int64(len(packed)), PackedDigest: sha256.Sum256(packed),
	}
	a.URLs = []string{"programs/" + a.Digest.String() + ".zst"}
	p.files[a.URLs[0]] = packed
	return a
}

func (p *Publisher) zstd(data []byte) []byte { return p.encoder.EncodeAll(data, nil) }

func (p *Publisher) addDelta(from, to []byte) release.Delta {
	p.tb.Helper()
	var patch bytes.Buffer
	if _, err := delta.Diff(p.tb.Context(), &patch, from, to); err != nil {
		p.tb.Fatalf("trusttest: make a patch: %v", err)
	}
	d := release.Delta{From: sha256.Sum256(from), Size: int64(patch.Len()), Digest: sha256.Sum256(patch.Bytes())}
	end := sha256.Sum256(to)
	d.URLs = []string{fmt.Sprintf("deltas/%s-%s.delta", d.From.String()[:16], hex.EncodeToString(end[:8]))}
	p.files[d.URLs[0]] = patch.Bytes()
	return d
}

// Encode writes a manifest.
func (p *Publisher) Encode(m release.Manifest) []byte {
	p.tb.Helper()
	text, err := m.Encode()
	if err != nil {
		p.tb.Fatalf("trusttest: %v", err)
	}
	return text
}

// Put makes text the manifest, signed by keys, whatever it says, and returns
// the directory.
func (p *Publisher) Put(text []byte, keys ...*Key) Files { return p.put(Channel+".json", text, keys) }

// PublishKeys publishes a key list with the next number, signed by Root, and
// returns the directory. Changes stay for the lists that follow.
func (p *Publisher) PublishKeys(changes ...func(*release.KeyList)) Files {
	p.tb.Helper()
	p.list.Seq++
	p.list.Issued = now()
	for _, change := range changes {
		change(&p.list)
	}
	text, err := p.list.Encode()
	if err != nil {
		p.tb.Fatalf("trusttest: %v", err)
	}
	return p.PutKeys(text, p.Root)
}

// PutKeys makes text the key list, signed by keys, whatever it says, and returns
// the directory.
func (p *Publisher) PutKeys(text []byte, keys ...*Key) Files { return p.put(keysName, text, keys) }

func (p *Publisher) put(name string, text []byte, keys []*Key) Files {
	var signatures []byte
	for _, k := range keys {
		signatures = append(signatures, k.Sign(text)...)
	}
	p.files[name] = text
	delete(p.files, name+".minisig")
	if signatures != nil {
		p.files[signaturesName(text)], p.files[name+".minisig"] = signatures, signatures
	}
	return p.Files()
}
