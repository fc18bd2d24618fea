package publish_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
)

// A key list from its beginning over a second key, a lost one and a new one. The
// current manifest counts at each step.
func TestKeyList(t *testing.T) {
	f := newFixture(t)
	root, second, third := newKey(t), newKey(t), newKey(t)
	roots := []keys.Secret{root}
	f.publish("stable", "1.0.0")

	change := func(c publish.ListChange) (publish.Listed, error) {
		t.Helper()
		f.now = f.now.Add(time.Minute)
		if c.Roots == nil {
			c.Roots = roots
		}
		listed, err := f.ChangeList(t.Context(), c)
		f.verify()
		return listed, err
	}
	must := func(c publish.ListChange) publish.Listed {
		t.Helper()
		listed, err := change(c)
		f.want(err)
		return listed
	}

	if _, err := change(publish.ListChange{Add: []keys.Public{second.Public()}}); err == nil || !strings.Contains(err.Error(), "keys init") {
		t.Errorf("changed no list: %v", err)
	}
	if _, err := change(publish.ListChange{Begin: true, Add: []keys.Public{second.Public()}}); !errors.Is(err, publish.ErrRefused) || !strings.Contains(err.Error(), "--key") {
		t.Errorf("began a list by which the manifest does not count: %v", err)
	}
	if l := must(publish.ListChange{Begin: true, Add: []keys.Public{f.key.Public()}}); l.Seq != 1 || l.Missing != 0 || len(l.Keys) != 1 {
		t.Errorf("begun: %+v", l)
	}
	if _, err := change(publish.ListChange{Begin: true, Add: []keys.Public{f.key.Public()}}); err == nil {
		t.Error("begun twice")
	}
	if _, err := change(publish.ListChange{Roots: []keys.Secret{second}, Add: []keys.Public{second.Public()}}); !errors.Is(err, publish.ErrKey) {
		t.Errorf("signed by what is no root: %v", err)
	}
	if l := must(publish.ListChange{Add: []keys.Public{second.Public()}, Comment: "on the other machine"}); l.Seq != 2 || len(l.Keys) != 2 {
		t.Errorf("added: %+v", l)
	}
	if _, err := change(publish.ListChange{Add: []keys.Public{second.Public()}}); err == nil {
		t.Error("added twice")
	}

	// The first key is stolen.
	if _, err := change(publish.ListChange{Revoke: []string{f.key.Public().ID()}}); !errors.Is(err, publish.ErrRefused) {
		t.Errorf("revoked the key by which the manifest counts: %v", err)
	}
	must(publish.ListChange{Revoke: []string{f.key.Public().ID()}, Signers: []keys.Secret{second}})
	if _, err := f.Publish(t.Context(), "", f.how()); !errors.Is(err, publish.ErrKey) || !strings.Contains(err.Error(), "keys add") {
		t.Errorf("published by a revoked key: %v", err)
	}
	if _, err := change(publish.ListChange{Add: []keys.Public{f.key.Public()}}); !errors.Is(err, publish.ErrKey) {
		t.Errorf("a revoked key came back: %v", err)
	}

	// Rotation.
	l := must(publish.ListChange{Add: []keys.Public{third.Public()}, Remove: []string{second.Public().ID()}, Signers: []keys.Secret{third}})
	if l.Seq != 4 || len(l.Keys) != 1 || l.Keys[0].Public != third.Public().String() || len(l.Revoked) != 1 {
		t.Errorf("rotated: %+v", l)
	}
	f.key = third
	f.publish("stable", "1.1.0")
	f.verify()

	// Expiry.
	f.now = f.now.Add(400 * 24 * time.Hour)
	if _, err := f.Publish(t.Context(), "", f.how()); !errors.Is(err, publish.ErrRefused) || !strings.Contains(err.Error(), "renew it") {
		t.Errorf("published by an expired list: %v", err)
	}
	_, err := f.ChangeList(t.Context(), publish.ListChange{Roots: roots})
	f.want(err)
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	f.verify()

	shown, by, err := publish.ShowList(t.Context(), fetcher.Dir(f.dir))
	if err != nil || shown.Seq != 5 || len(by) != 1 || by[0] != root.Public().ID() {
		t.Errorf("shown: %+v by %v, %v", shown, by, err)
	}
}

// A root of two keys that are not in one place.
func TestRootOfTwo(t *testing.T) {
	f := newFixture(t)
	one, two := newKey(t), newKey(t)
	f.publish("stable", "1.0.0")
	listed, err := f.ChangeList(t.Context(), publish.ListChange{
		Begin: true, Roots: []keys.Secret{one}, OtherRoots: []keys.Public{two.Public()}, RootThreshold: 2, Add: []keys.Public{f.key.Public()},
	})
	if err != nil || listed.Missing != 1 || f.report().OK {
		t.Fatalf("begun with one of two: %+v, %v", listed, err)
	}
	if _, err := f.SignList(t.Context(), []keys.Secret{f.key}); !errors.Is(err, publish.ErrKey) {
		t.Errorf("signed by what is no root: %v", err)
	}
	for range 2 {
		if listed, err = f.SignList(t.Context(), []keys.Secret{two}); err != nil || listed.Missing != 0 {
			t.Errorf("signed: %+v, %v", listed, err)
		}
	}
	f.verify()
}
