package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/release"
)

// A ListChange says what becomes of the key list.
type ListChange struct {
	// Begin makes the first list.
	Begin bool

	// Roots sign the list. Those of the first list are the ones that hosts are
	// built with.
	Roots         []keys.Secret
	OtherRoots    []keys.Public // of the first list: those that sign it later
	RootThreshold int           // of the first list; default 1

	// Add are release keys, which count until KeyExpires (zero: with the
	// list), and Remove and Revoke name such by ID.
	Add        []keys.Public
	Comment    string
	KeyExpires period.Period
	Remove     []string
	Revoke     []string

	Threshold int           // of release keys; 0: as before
	Expires   period.Period // default: a year

	// Signers are release keys that sign current manifests which would count
	// no more without.
	Signers []keys.Secret
}

// DefaultListExpires is how long a key list counts.
const DefaultListExpires = period.Period(365 * 24 * time.Hour)

// Listed is a key list that was issued.
type Listed struct {
	Seq       uint64        `json:"seq"`
	Expires   time.Time     `json:"expires"`
	Threshold int           `json:"threshold"`
	Keys      []release.Key `json:"keys"`
	Revoked   []string      `json:"revoked,omitempty"`
	Missing   int           `json:"missing_signatures"`
}

// ChangeList issues a key list. The current manifests are signed by keys that
// count by the new list before it is put in place, so that a reader that comes in
// between finds both good.
//
// Errors that can be matched: [ErrKey], [ErrRefused], [ErrBusy], [ErrState].
func (d *Directory) ChangeList(ctx context.Context, c ListChange) (Listed, error) {
	var listed Listed
	err := d.change(ctx, func(s *state) (err error) {
		listed, err = d.changeList(s, c)
		return err
	})
	if err != nil {
		return Listed{}, fmt.Errorf("key list: %w", err)
	}
	return listed, nil
}

func (d *Directory) changeList(s *state, c ListChange) (Listed, error) {
	if err := d.admitRoots(s, c); err != nil {
		return Listed{}, err
	}
	l, err := d.newList(s, c)
	if err != nil {
		return Listed{}, err
	}
	data, err := l.Encode()
	if err != nil {
		return Listed{}, err
	}
	if err := d.carry(s, l, c.Signers); err != nil {
		return Listed{}, err
	}
	if c.Begin { // before the list: a host that sees the list was built with them
		if err := d.writeSettings(s.Settings); err != nil {
			return Listed{}, err
		}
	}
	raw := sign(data, c.Roots, listComment(l))
	if err := d.disk.write(signatureName(digestOf(data)), raw); err != nil {
		return Listed{}, err
	}
	if err := d.disk.write(keysName, data); err != nil {
		return Listed{}, err
	}
	if err := d.copySignatures(keysName, raw); err != nil {
		return Listed{}, err
	}
	return d.reportList(s, l, data, raw)
}

// newList is the list after the change, without signatures.
func (d *Directory) newList(s *state, c ListChange) (release.KeyList, error) {
	l := release.KeyList{Product: s.Product, Threshold: 1}
	if s.list != nil {
		l = s.list.KeyList
		l.Keys, l.Revoked = slices.Clone(l.Keys), slices.Clone(l.Revoked)
	}
	expires := c.Expires
	if expires == 0 {
		expires = DefaultListExpires
	}
	l.Seq++
	l.Issued = d.clock()
	l.Expires = l.Issued.Add(expires.Duration())
	if c.Threshold != 0 {
		l.Threshold = c.Threshold
	}
	for _, id := range append(slices.Clone(c.Remove), c.Revoke...) {
		n := len(l.Keys)
		l.Keys = slices.DeleteFunc(l.Keys, func(k release.Key) bool { return idOf(k) == id })
		if len(l.Keys) == n {
			return l, fmt.Errorf("key %s is not in the list", id)
		}
	}
	for _, id := range c.Revoke {
		if !slices.Contains(l.Revoked, id) {
			l.Revoked = append(l.Revoked, id)
		}
	}
	for _, k := range c.Add {
		if slices.Contains(l.Revoked, k.ID()) {
			return l, fmt.Errorf("%w: %s was revoked: make a new one", ErrKey, k.ID())
		}
		if slices.ContainsFunc(l.Keys, func(old release.Key) bool { return idOf(old) == k.ID() }) {
			return l, fmt.Errorf("key %s is in the list", k.ID())
		}
		one := release.Key{Public: k.String(), Comment: c.Comment}
		if c.KeyExpires != 0 {
			one.Expires = l.Issued.Add(c.KeyExpires.Duration())
		}
		l.Keys = append(l.Keys, one)
	}
	return l, nil
}

func idOf(k release.Key) string {
	p, err := keys.ParsePublic(k.Public)
	if err != nil {
		return ""
	}
	return p.ID()
}

// admitRoots lets only those sign that hosts were built with; the first ones
// become these.
func (d *Directory) admitRoots(s *state, c ListChange) error {
	switch {
	case len(c.Roots) == 0:
		return errors.New("no root key to sign with: name one by --root")
	case c.Begin && s.list != nil:
		return errors.New("there is a key list: change it by keys add, revoke, rotate or renew")
	case !c.Begin && s.list == nil:
		return errors.New("there is no key list: begin one by keys init")
	}
	if c.Begin {
		s.Roots, s.RootThreshold = nil, max(c.RootThreshold, 1)
		for _, k := range c.Roots {
			s.Roots = append(s.Roots, k.Public().String())
		}
		for _, k := range c.OtherRoots {
			s.Roots = append(s.Roots, k.String())
		}
		s.Roots = slices.Compact(s.Roots)
		d.sayf("hosts must trust the root: trust.Root(%s)", strings.Join(quote(s.Roots), ", "))
		return s.Settings.check()
	}
	for _, k := range c.Roots {
		if !slices.Contains(s.Roots, k.Public().String()) {
			return fmt.Errorf("%w: %v is none of the root keys of this directory", ErrKey, k)
		}
	}
	return nil
}

// carry signs the current manifests for the new list. What it cannot make count
// is refused: hosts would be left without a release that they can check.
func (d *Directory) carry(s *state, l release.KeyList, signers []keys.Secret) error {
	a, err := listAuthority(l, d.now())
	if err != nil {
		return err
	}
	for _, channel := range s.channels() {
		m := s.current[channel]
		if a.missing(m.data, m.signatures) == 0 {
			continue
		}
		var counting []keys.Secret
		for _, k := range signers {
			if keys.Contains(a.keys, k.Public()) {
				counting = append(counting, k)
			}
		}
		if m, _, err = d.addSignatures(s, m, counting); err != nil {
			return err
		}
		if n := a.missing(m.data, m.signatures); n > 0 {
			return fmt.Errorf("%w: by the new list the manifest of channel %s lacks %d signature(s): name the secret keys of the list by --key", ErrRefused, channel, n)
		}
	}
	return nil
}

// SignList adds signatures of further root keys to the key list.
//
// Errors that can be matched: [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) SignList(ctx context.Context, roots []keys.Secret) (Listed, error) {
	var listed Listed
	err := d.change(ctx, func(s *state) error {
		if err := d.admitRoots(s, ListChange{Roots: roots}); err != nil {
			return err
		}
		raw := s.list.rawSigs
		signatures, err := keys.Split(raw)
		if err != nil {
			return err
		}
		for i, k := range roots {
			if len(keys.Signers(s.list.data, signatures, []keys.Public{k.Public()})) == 0 && !signedBefore(roots[:i], k) {
				raw = append(raw[:len(raw):len(raw)], k.Sign(s.list.data, listComment(s.list.KeyList))...)
			}
		}
		if err := d.disk.write(signatureName(digestOf(s.list.data)), raw); err != nil {
			return err
		}
		if err := d.copySignatures(keysName, raw); err != nil {
			return err
		}
		listed, err = d.reportList(s, s.list.KeyList, s.list.data, raw)
		return err
	})
	if err != nil {
		return Listed{}, fmt.Errorf("sign key list: %w", err)
	}
	return listed, nil
}

func (d *Directory) reportList(s *state, l release.KeyList, data, raw []byte) (Listed, error) {
	signatures, err := keys.Split(raw)
	if err != nil {
		return Listed{}, err
	}
	var roots []keys.Public
	for _, line := range s.Roots {
		k, err := keys.ParsePublic(line)
		if err != nil {
			return Listed{}, err
		}
		roots = append(roots, k)
	}
	missing := max(0, s.RootThreshold-len(keys.Signers(data, signatures, roots)))
	if missing > 0 {
		d.sayf("%d more signature(s) of root keys are needed before hosts take the list: overseer release keys sign", missing)
	}
	return Listed{l.Seq, l.Expires, l.Threshold, l.Keys, l.Revoked, missing}, nil
}

func quote(all []string) (quoted []string) {
	for _, s := range all {
		quoted = append(quoted, strconv.Quote(s))
	}
	return quoted
}

func listComment(l release.KeyList) string { return fmt.Sprintf("%s keys seq %d", l.Product, l.Seq) }
