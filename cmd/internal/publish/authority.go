package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/release"
)

// ErrKey is a key whose signature hosts would not count.
var ErrKey = errors.New("the signature of this key would not count")

// An authority is who may sign manifests: the keys that count and how many of
// them must have signed.
type authority struct {
	keys      []keys.Public
	threshold int
	by        string // for messages
}

func (d *Directory) loadKeys(s *state) error {
	data, err := d.disk.read(keysName, release.MaxKeys)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := release.ParseKeyList(data)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrState, keysName, err)
	}
	if l.Product != s.Product {
		return fmt.Errorf("%w: %s is of product %q", ErrState, keysName, l.Product)
	}
	raw, err := d.disk.read(signatureName(digestOf(data)), release.MaxSignatures)
	if err != nil {
		return fmt.Errorf("%w: %s has no signatures: was it changed by hand? %w", ErrState, keysName, err)
	}
	s.list = &signedList{l, data, raw}
	return nil
}

// authority is that of the key list where there is one, else that of the keys
// which hosts were built with.
func (s *state) authority(now time.Time) (authority, error) {
	if s.list != nil {
		return listAuthority(s.list.KeyList, now)
	}
	a := authority{threshold: s.Threshold, by: "settings"}
	for _, line := range s.Keys {
		k, err := keys.ParsePublic(line)
		if err != nil {
			return authority{}, err
		}
		a.keys = append(a.keys, k)
	}
	return a, nil
}

func listAuthority(l release.KeyList, now time.Time) (authority, error) {
	a := authority{threshold: l.Threshold, by: keysName}
	if !now.Before(l.Expires) {
		return a, fmt.Errorf("%w: the key list expired on %v: renew it with the root key", ErrRefused, l.Expires)
	}
	for _, listed := range l.Keys {
		k, err := keys.ParsePublic(listed.Public)
		if err != nil {
			return a, fmt.Errorf("%w: %s: %w", ErrState, keysName, err)
		}
		if slices.Contains(l.Revoked, k.ID()) || !listed.Expires.IsZero() && !now.Before(listed.Expires) {
			continue
		}
		a.keys = append(a.keys, k)
	}
	return a, nil
}

// admit refuses signers that do not count, before anything is written. The first
// keys of a directory without any become its own.
func (d *Directory) admit(s *state, signers []keys.Secret) (authority, error) {
	if len(signers) == 0 {
		return authority{}, errors.New("no key to sign with: name one by --key")
	}
	a, err := s.authority(d.now())
	if err != nil {
		return a, err
	}
	if len(a.keys) == 0 && s.list == nil {
		for _, k := range signers {
			s.Keys = append(s.Keys, k.Public().String())
			d.sayf("hosts must trust key %s: trust.Minisign(%q)", k.Public().ID(), k.Public())
		}
		if s.Threshold > len(s.Keys) {
			return a, fmt.Errorf("%w: %d keys must sign, and hosts trust none yet: name all of them by overseer release init DIR --pub", ErrKey, s.Threshold)
		}
		if err := d.writeSettings(s.Settings); err != nil {
			return a, err
		}
		return s.authority(d.now())
	}
	for _, k := range signers {
		if !keys.Contains(a.keys, k.Public()) {
			return a, fmt.Errorf("%w: %v is not, or no longer, among the keys of %s: %s", ErrKey, k, a.by, a.remedy(k.Public()))
		}
	}
	return a, nil
}

func (a authority) remedy(k keys.Public) string {
	if a.by == keysName {
		return fmt.Sprintf("add it with the root key: overseer release keys add DIR --root ROOT --release %v", k)
	}
	return fmt.Sprintf("where hosts trust it: overseer release init DIR --pub %v", k)
}

// missing is how many signatures a manifest still needs to count.
func (a authority) missing(data []byte, signatures []keys.Signature) int {
	return max(0, a.threshold-len(keys.Signers(data, signatures, a.keys)))
}
