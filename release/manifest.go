package release

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// A Manifest says at which release a channel of a product is, and where its
// bytes are. What a host reads of it before a policy has checked the signature
// is the publisher's claim only: see [Statement].
//
// Its form is JSON in UTF-8, read by [ParseManifest] and written by
// [Manifest.Encode]; docs/manifest.md has it in full.
type Manifest struct {
	// Format is 1. A reader refuses any other.
	Format int `json:"format"`

	// Critical names members of the manifest that a reader must know. Unknown
	// members that are not named here are ignored.
	Critical []string `json:"critical,omitempty"`

	Product string `json:"product"`
	Channel string `json:"channel"` // stable, beta, …

	// Seq grows with each manifest of the product, whatever its channel, and
	// a host refuses one below the highest it has seen in its channel. MinSeq,
	// where it is not zero, is the lowest Seq that still counts, in any
	// channel: whoever has seen it refuses what is below.
	Seq    uint64 `json:"seq"`
	MinSeq uint64 `json:"min_seq,omitempty"`

	// Version is a semantic version, with or without a leading v.
	Version string `json:"version"`

	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"` // from then on no host upgrades by it

	// Notes are for people: lines of text.
	Notes string `json:"notes,omitempty"`

	// Urgent is set for a security release: no rollout holds it back.
	Urgent bool `json:"urgent,omitempty"`

	// Yanked are versions that were withdrawn: a host at one of them may go
	// back to a lower Version. Blocked are the digests of programs that must
	// not run; where one is that of an artifact, its platform gets nothing.
	Yanked  []string `json:"yanked,omitempty"`
	Blocked []Digest `json:"blocked,omitempty"`

	// Rollout holds the release back on a part of the hosts. Nil: none.
	Rollout *Rollout `json:"rollout,omitempty"`

	// Artifacts has the program for each platform, by "GOOS/GOARCH"; a third
	// part may name a variant.
	Artifacts map[string]Artifact `json:"artifacts"`
}

// An Artifact is the program for one platform.
type Artifact struct {
	// Size in bytes and Digest of the program itself, unpacked.
	Size   int64  `json:"size"`
	Digest Digest `json:"sha256"`

	// Packing says how the program is packed at URLs; Path is its name within
	// an archive; PackedSize and PackedDigest are those of the packed file.
	// All are zero where it is not packed.
	Packing      Packing `json:"packing,omitempty"`
	Path         string  `json:"path,omitempty"`
	PackedSize   int64   `json:"packed_size,omitempty"`
	PackedDigest Digest  `json:"packed_sha256,omitzero"`

	// URLs are places of the same bytes, the best first. Each is an http or
	// https URL, or a path relative to the manifest.
	URLs []string `json:"urls"`

	// Deltas lead to this program from other ones.
	Deltas []Delta `json:"deltas,omitempty"`
}

// A Delta is a patch from one program to another: see package delta.
type Delta struct {
	From   Digest   `json:"from"` // of the program that it applies to
	Size   int64    `json:"size"`
	Digest Digest   `json:"sha256"` // of the patch
	URLs   []string `json:"urls"`
}

// A Packing is how a program is packed for its way.
type Packing string

// The packings. Of an archive, Artifact.Path names the one file that counts.
const (
	NotPacked Packing = ""
	Gzip      Packing = "gzip"
	Zstd      Packing = "zstd"
	XZ        Packing = "xz"
	Tar       Packing = "tar"
	TarGzip   Packing = "tar+gzip"
	TarZstd   Packing = "tar+zstd"
	TarXZ     Packing = "tar+xz"
	Zip       Packing = "zip"
)

// Archive reports whether more than one file may be in it.
func (p Packing) Archive() bool {
	switch p {
	case Tar, TarGzip, TarZstd, TarXZ, Zip:
		return true
	}
	return false
}

func (p Packing) known() bool {
	switch p {
	case NotPacked, Gzip, Zstd, XZ:
		return true
	}
	return p.Archive()
}

// Platform names the one that this process runs on.
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// A Statement is a manifest as it came, with what is said to prove it. All of it
// is the source's claim until a policy has looked.
type Statement struct {
	// Manifest holds the exact bytes that are signed.
	Manifest []byte

	// Signatures over Manifest in the minisign format, one after another.
	Signatures []byte

	// Keys is the list of release keys (see [KeyList]), where there is one,
	// and KeysSignatures are those over it.
	Keys           []byte
	KeysSignatures []byte
}

// Bounds of what is read. They are far beyond what a real release needs.
const (
	MaxManifest   = 1 << 20 // bytes
	MaxSignatures = 64 << 10
	MaxKeys       = 64 << 10

	maxDepth     = 8
	maxName      = 128
	maxNotes     = 64 << 10
	maxURL       = 2048
	maxURLs      = 16
	maxDeltas    = 64
	maxPlatforms = 256
	maxBlocked   = 4096
	maxNumber    = 1<<53 - 1 // what every reader of JSON takes exactly
)

var (
	// ErrFormat is what is no manifest, or no key list: broken JSON, a member
	// that appears twice, null, a value out of its bounds.
	ErrFormat = errors.New("not well formed")

	// ErrCritical is a manifest that needs a reader newer than this one.
	ErrCritical = errors.New("made for a newer version of this program: upgrade it by hand once")
)

// ParseManifest reads and checks the form of a manifest. It says nothing of who
// wrote it.
//
// Errors that can be matched: [ErrFormat], [ErrCritical].
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := read(data, MaxManifest, membersOf(m), &m); err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	if err := m.Check(); err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	return m, nil
}

// Encode checks the manifest and writes it, the same each time, ending with a
// newline. What it writes [ParseManifest] reads.
//
// Errors that can be matched: [ErrFormat], [ErrCritical].
func (m Manifest) Encode() ([]byte, error) {
	m.Format = formatVersion
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	data, err := encode(m, MaxManifest)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	if _, err := ParseManifest(data); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	return data, nil
}
