package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

const recordFormat = 1

// A record is what is remembered of a product, over all its channels.
type record struct {
	Format  int    `json:"format"`
	Product string `json:"product"`

	// Floor is the highest min_seq seen, Issued the latest time a manifest
	// was issued at, Version the one that was let in last.
	Floor   uint64    `json:"min_seq,omitempty"`
	Issued  time.Time `json:"issued,omitzero"`
	Version string    `json:"version,omitempty"`

	Channels map[string]seen `json:"channels,omitempty"`

	// By are the IDs of the keys that signed what was seen last. When the key
	// list has revoked all of them, all of the above is forgotten: else a
	// thief could lock a host out for ever by a manifest with the highest
	// number there is.
	By []string `json:"by,omitempty"`

	// Keys is the newest key list, and KeysSignatures are those over it: a
	// program with other root keys does not go by it.
	Keys           []byte `json:"keys,omitempty"`
	KeysSignatures []byte `json:"keys_signatures,omitempty"`
}

// seen is the newest manifest of a channel.
type seen struct {
	Seq      uint64         `json:"seq"`
	Manifest release.Digest `json:"manifest"`
}

// recordName is that of a product's record in a [Memory], whose names are
// shorter than a product's may be, and have fewer characters.
func recordName(product string) string {
	const longest = 64
	if name := "manifest-" + product; len(name) <= longest && !strings.Contains(name, "_") {
		return name
	}
	sum := sha256.Sum256([]byte(product))
	return "manifest-" + hex.EncodeToString(sum[:16])
}

// readRecord never takes what it cannot read for an empty record.
func readRecord(old []byte, product string) (record, error) {
	r := record{Format: recordFormat, Product: product}
	if old == nil {
		return r, nil
	}
	bad := func(format string, args ...any) (record, error) {
		return record{}, fmt.Errorf("%w of product %q cannot be read: "+format+
			": remove the record %q from the state directory, and know that an old release can be played back to this host once", append(append([]any{ErrMemory, product}, args...), recordName(product))...)
	}
	var read record
	dec := json.NewDecoder(bytes.NewReader(old))
	if err := dec.Decode(&read); err != nil {
		return bad("%w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return bad("something follows its end")
	}
	switch {
	case read.Format != recordFormat:
		return bad("its format is %d, this program reads %d", read.Format, recordFormat)
	case read.Product != product:
		return bad("it is of product %q", read.Product)
	case read.Version != "" && !release.ValidVersion(read.Version):
		return bad("version %.40q", read.Version)
	}
	return read, nil
}

// encode returns old where there is nothing to remember, so that nothing is
// written for what was refused.
func (r record) encode(old []byte) ([]byte, error) {
	if old == nil && len(r.Channels) == 0 && r.Keys == nil {
		return nil, nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%w of product %q cannot be written: %w", ErrMemory, r.Product, err)
	}
	return append(data, '\n'), nil
}

// forgetThieves drops what was said by keys that are all revoked now.
func (r *record) forgetThieves(revoked []string) {
	if len(r.By) == 0 || slices.ContainsFunc(r.By, func(id string) bool { return !slices.Contains(revoked, id) }) {
		return
	}
	*r = record{Format: r.Format, Product: r.Product, Keys: r.Keys, KeysSignatures: r.KeysSignatures}
}

// learn keeps what a manifest says that was signed by enough keys.
func (r *record) learn(m release.Manifest, digest release.Digest, by []string) {
	channels := map[string]seen{m.Channel: {Seq: m.Seq, Manifest: digest}}
	for name, s := range r.Channels {
		if name != m.Channel {
			channels[name] = s
		}
	}
	r.Channels = channels
	r.Floor = max(r.Floor, m.MinSeq)
	if m.Issued.After(r.Issued) {
		r.Issued = m.Issued.UTC()
	}
	r.By = by
}
