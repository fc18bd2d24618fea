package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// VerifyOptions say what is verified, and by which keys.
type VerifyOptions struct {
	Product  string // empty: whatever the manifests say
	Channels []string

	// Keys are the release keys that a host was built with, or Roots the root
	// keys; Threshold is how many of them must have signed.
	Keys          []keys.Public
	Threshold     int
	Roots         []keys.Public
	RootThreshold int

	// Now is the clock. Nil: that of the system, by which package trust judges
	// too, as a host does.
	Now  func() time.Time
	Work func(task string, total int64) (done func(int64), end func())
}

// A Report is what was found.
type Report struct {
	Place  string  `json:"place"`
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// A Check is one thing that was looked at.
type Check struct {
	What  string `json:"what"`
	OK    bool   `json:"ok"`
	Found string `json:"found"` // what is there, or what is wrong with it
}

// A verifier reads a place as a host does, and more of it.
type verifier struct {
	VerifyOptions
	place  fetcher.Place
	report *Report
	a      authority
	seqs   map[uint64]string

	asHost bool // package trust judges too
	said   release.Statement
}

// Verify checks all that a place has for its channels: signatures, forms, the
// digests and sizes of all programs, packed and unpacked, and of all deltas,
// which are applied where the program that they start from is there too. It
// reads everything once.
//
// The error is that of ctx; what is wrong is in the report.
func Verify(ctx context.Context, p fetcher.Place, o VerifyOptions) (Report, error) {
	asHost := o.Now == nil
	if asHost {
		o.Now = time.Now
	}
	if o.Work == nil {
		o.Work = func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} }
	}
	v := &verifier{VerifyOptions: o, asHost: asHost, place: p, report: &Report{Place: p.String(), OK: true}, seqs: map[uint64]string{}}
	v.a = authority{keys: o.Keys, threshold: max(o.Threshold, 1), by: "the keys given"}
	v.keyList(ctx)
	for _, channel := range o.Channels {
		v.channel(ctx, channel)
	}
	return *v.report, ctx.Err()
}

func (v *verifier) good(what, format string, args ...any) {
	v.report.Checks = append(v.report.Checks, Check{what, true, fmt.Sprintf(format, args...)})
}

func (v *verifier) bad(what string, err error) {
	v.report.OK = false
	v.report.Checks = append(v.report.Checks, Check{what, false, err.Error()})
}

func (v *verifier) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	found, err := v.place.Open(ctx, fetcher.Want{Name: name})
	if err != nil {
		return nil, err
	}
	defer found.Body.Close()
	return readAll(found.Body, name, limit)
}

// signatures of a file: by its digest, else beside it.
func (v *verifier) signatures(ctx context.Context, name string, data []byte) (raw []byte, all []keys.Signature, err error) {
	raw, err = v.read(ctx, signatureName(digestOf(data)), release.MaxSignatures)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = v.read(ctx, copyName(name), release.MaxSignatures)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errors.New("it has no signatures")
	}
	if err == nil {
		all, err = keys.Split(raw)
	}
	return raw, all, err
}

// keyList checks the list of release keys and goes by it from then on.
func (v *verifier) keyList(ctx context.Context) {
	data, err := v.read(ctx, keysName, release.MaxKeys)
	if errors.Is(err, fs.ErrNotExist) && len(v.Roots) == 0 {
		return
	}
	if err == nil && len(v.Roots) == 0 {
		v.good(keysName, "not checked: name the root key by --root")
		return
	}
	l, err := v.parseList(ctx, data, err)
	if err != nil {
		v.bad(keysName, err)
		return
	}
	if v.a, err = listAuthority(l, v.Now()); err != nil {
		v.bad(keysName, err)
		return
	}
	v.good(keysName, "seq %d, %d key(s), threshold %d, expires %s", l.Seq, len(v.a.keys), l.Threshold, stamp(l.Expires))
}

func (v *verifier) parseList(ctx context.Context, data []byte, err error) (release.KeyList, error) {
	if err != nil {
		return release.KeyList{}, err
	}
	raw, signatures, err := v.signatures(ctx, keysName, data)
	if err != nil {
		return release.KeyList{}, err
	}
	v.said.Keys, v.said.KeysSignatures = data, raw
	if err := enough(data, signatures, v.Roots, max(v.RootThreshold, 1)); err != nil {
		return release.KeyList{}, err
	}
	l, err := release.ParseKeyList(data)
	if err == nil && v.Product != "" && l.Product != v.Product {
		err = fmt.Errorf("it is of product %q, not %q", l.Product, v.Product)
	}
	return l, err
}

func (v *verifier) channel(ctx context.Context, channel string) {
	name := manifestName(channel)
	data, err := v.read(ctx, name, release.MaxManifest)
	if err != nil {
		v.bad(name, err)
		return
	}
	raw, signatures, err := v.signatures(ctx, name, data)
	if err == nil {
		err = enough(data, signatures, v.a.keys, v.a.threshold)
	}
	if err != nil {
		v.bad(name, err)
		return
	}
	m, err := release.ParseManifest(data)
	if err == nil {
		err = v.judge(m, channel)
	}
	if err != nil {
		v.bad(name, err)
		return
	}
	v.said.Manifest, v.said.Signatures = data, raw
	v.good(name, "seq %d, version %s, %d signature(s) that count, expires %s", m.Seq, m.Version, len(keys.Signers(data, signatures, v.a.keys)), stamp(m.Expires))
	for _, platform := range slices.Sorted(maps.Keys(m.Artifacts)) {
		if err := v.vouch(ctx, m, platform); err != nil {
			v.bad(channel+" "+platform, err)
		}
		v.artifact(ctx, channel+" "+platform, m.Artifacts[platform])
	}
}

// vouch asks the policy of a host that has seen nothing yet.
func (v *verifier) vouch(ctx context.Context, m release.Manifest, platform string) error {
	if !v.asHost {
		return nil
	}
	policy := trust.Minisign(lines(v.Keys)...).Threshold(max(v.Threshold, 1))
	if len(v.Roots) > 0 {
		policy = trust.Root(lines(v.Roots)...).Threshold(max(v.RootThreshold, 1))
	}
	_, err := policy.For(m.Product, m.Channel).Platform(platform).EverySlot().Vouch(ctx, release.Candidate{Source: v.place.String(), Statement: &v.said})
	return err
}

func lines(all []keys.Public) (text []string) {
	for _, k := range all {
		text = append(text, k.String())
	}
	return text
}

// judge looks at what a host refuses.
func (v *verifier) judge(m release.Manifest, channel string) error {
	other, twice := v.seqs[m.Seq]
	v.seqs[m.Seq] = channel
	if v.Product == "" {
		v.Product = m.Product
	}
	switch {
	case m.Channel != channel || m.Product != v.Product:
		return fmt.Errorf("it is of product %q and channel %q, not %q and %q", m.Product, m.Channel, v.Product, channel)
	case twice:
		return fmt.Errorf("seq %d is that of channel %s too", m.Seq, other)
	case !v.Now().Before(m.Expires):
		return fmt.Errorf("it expired on %s: publish again", stamp(m.Expires))
	case wrong(m, m.Yanked, m.Blocked):
		return fmt.Errorf("it offers %s and withdraws it", m.Version)
	}
	return nil
}

// enough reports whether the threshold is reached.
func enough(data []byte, signatures []keys.Signature, of []keys.Public, threshold int) error {
	if n := len(keys.Signers(data, signatures, of)); n < threshold {
		var by, want []string
		for _, s := range signatures {
			by = append(by, s.ID)
		}
		for _, k := range of {
			want = append(want, k.ID())
		}
		return fmt.Errorf("%d of %d signatures that count: signed by %v, wanted are %v", n, threshold, by, want)
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
