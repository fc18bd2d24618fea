package trust_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// A fleet is one host whose program has root keys.
type fleet struct {
	*trusttest.Publisher
	memory *trusttest.Memory
	roots  []string
	of     int
}

func newFleet(t *testing.T) *fleet {
	p := publisher(t)
	return &fleet{p, &trusttest.Memory{}, []string{p.Root.Public()}, 1}
}

func (f *fleet) ask(t *testing.T, files trusttest.Files) error {
	t.Helper()
	_, err := vouch(t, trust.Root(f.roots...).Threshold(f.of).For("app", "stable").On(trust.Host{Memory: f.memory}), files)
	return err
}

// by publishes by one key.
func (f *fleet) by(key *trusttest.Key, version string, change ...func(*release.Manifest)) trusttest.Files {
	return f.Put(f.Encode(f.Manifest(version, change...)), key)
}

func TestRotation(t *testing.T) {
	f := newFleet(t)
	next := trusttest.NewKey(t)
	want(t, "by the first list", f.ask(t, f.by(f.Stolen, "1.0.0")), nil)
	want(t, "by a key that is not listed yet", f.ask(t, f.by(next, "1.1.0")), trust.ErrSignature)
	f.PublishKeys(func(l *release.KeyList) { l.Keys = []release.Key{{Public: next.Public()}} })
	want(t, "by the new key", f.ask(t, f.by(next, "1.1.0")), nil)
	want(t, "by the one that is not listed any more", f.ask(t, f.by(f.Stolen, "1.2.0")), trust.ErrSignature)
}

// TestListAlone: the list counts from when it was seen, whatever becomes of the
// manifest that it came with.
func TestListAlone(t *testing.T) {
	f := newFleet(t)
	before := f.by(f.Stolen, "1.0.0")
	want(t, "before", f.ask(t, before), nil)
	f.PublishKeys(func(l *release.KeyList) { l.Keys, l.Revoked = l.Keys[1:], []string{f.Stolen.ID()} })
	want(t, "list with a manifest of the stolen key", f.ask(t, f.Files()), trust.ErrRevoked)
	want(t, "the list from before", f.ask(t, before), trust.ErrRevoked)
	missing := f.by(f.Release, "1.1.0")
	delete(missing, "keys.json")
	want(t, "no list, an honest manifest", f.ask(t, missing), nil)
}

func TestNoList(t *testing.T) {
	f := newFleet(t)
	files := f.by(f.Release, "1.0.0")
	delete(files, "keys.json")
	want(t, "never a list", f.ask(t, files), trust.ErrKeyList)
}

func TestListThreshold(t *testing.T) {
	f := newFleet(t)
	f.PublishKeys(func(l *release.KeyList) { l.Threshold = 2 })
	want(t, "one of two", f.ask(t, f.by(f.Release, "1.0.0")), trust.ErrThreshold)
	want(t, "two", f.ask(t, f.Put(f.Encode(f.Manifest("1.0.0")), f.Release, f.Stolen)), nil)

	second := trusttest.NewKey(t)
	f.roots, f.of = append(f.roots, second.Public()), 2
	f.memory = &trusttest.Memory{}
	want(t, "a list by one root of two", f.ask(t, f.Files()), trust.ErrKeyListSignature)
	text := f.Files()["keys.json"]
	want(t, "a list by two roots", f.ask(t, f.PutKeys(text, f.Root, second)), nil)
}

// TestRevokedRoot: a root key that a list revokes makes no list that follows.
func TestRevokedRoot(t *testing.T) {
	f := newFleet(t)
	second := trusttest.NewKey(t)
	f.roots = append(f.roots, second.Public())
	f.PublishKeys(func(l *release.KeyList) { l.Revoked = []string{second.ID()} })
	want(t, "the list that revokes it", f.ask(t, f.by(f.Release, "1.0.0")), nil)
	f.PublishKeys(func(l *release.KeyList) { l.Revoked = nil })
	honest := f.Files()
	want(t, "a list of the revoked root", f.ask(t, f.PutKeys(honest["keys.json"], second)), trust.ErrKeyListSignature)
	want(t, "a list of the other", f.ask(t, honest), nil)
}

// TestRootsChange: a program with other root keys forgets the list of the
// former, and starts with whatever number the new ones have.
func TestRootsChange(t *testing.T) {
	f := newFleet(t)
	f.PublishKeys(func(l *release.KeyList) { l.Seq = 1<<53 - 1 })
	want(t, "the old roots", f.ask(t, f.by(f.Release, "1.0.0")), nil)
	next := trusttest.NewKey(t)
	f.roots = []string{next.Public()}
	want(t, "the list of the old roots", f.ask(t, f.Files()), trust.ErrKeyListSignature)
	without := f.Files()
	delete(without, "keys.json")
	want(t, "the list of the old roots, remembered", f.ask(t, without), trust.ErrKeyList)
	text, err := (release.KeyList{
		Product: "app", Seq: 1, Threshold: 1, Issued: time.Now().UTC(), Expires: time.Now().UTC().AddDate(1, 0, 0),
		Keys: []release.Key{{Public: f.Release.Public()}},
	}).Encode()
	want(t, "the new list", err, nil)
	want(t, "the first list of the new roots", f.ask(t, f.PutKeys(text, next)), nil)
}

// TestThief: somebody with a release key goes to the end of all numbers, and of
// time. When the key is revoked the host is free again, and only of what the
// thief said.
func TestThief(t *testing.T) {
	f := newFleet(t)
	want(t, "honest", f.ask(t, f.by(f.Release, "1.0.0")), nil)
	const last = 1<<53 - 1
	want(t, "the thief's", f.ask(t, f.by(f.Stolen, "999.0.0", func(m *release.Manifest) {
		m.Seq, m.MinSeq = last, last
		m.Issued, m.Expires = time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	})), nil)
	want(t, "honest, locked out", f.ask(t, f.by(f.Release, "1.1.0")), trust.ErrExpired)
	f.PublishKeys(func(l *release.KeyList) { l.Keys, l.Revoked = l.Keys[1:], []string{f.Stolen.ID()} })
	want(t, "honest, after the thief's key is revoked", f.ask(t, f.by(f.Release, "1.1.0")), nil)
	var record struct {
		Channels map[string]struct{ Seq uint64 }
	}
	if err := json.Unmarshal(f.memory.Entry(recordName), &record); err != nil || record.Channels["stable"].Seq >= last {
		t.Fatalf("%v; the record:\n%s", err, f.memory.Entry(recordName))
	}
	old := f.by(f.Release, "1.0.0", func(m *release.Manifest) { m.Seq = 1 })
	want(t, "an old one, when it is over", f.ask(t, old), trust.ErrReplay)
}

func TestListExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.PublishKeys(func(l *release.KeyList) {
			l.Expires = time.Now().UTC().AddDate(0, 0, 20)
			l.Keys[0].Expires = time.Now().UTC().AddDate(0, 0, 10)
		})
		files := f.by(f.Stolen, "1.0.0")
		want(t, "on day 0", f.ask(t, files), nil)
		time.Sleep(10 * 24 * time.Hour)
		want(t, "the key on day 10", f.ask(t, files), trust.ErrKeyExpired)
		want(t, "the other key on day 10", f.ask(t, f.by(f.Release, "1.0.0")), nil)
		time.Sleep(10 * 24 * time.Hour)
		want(t, "the list on day 20", f.ask(t, f.Files()), trust.ErrKeyListExpired)
		delete(files, "keys.json")
		want(t, "the remembered list on day 20", f.ask(t, files), trust.ErrKeyListExpired)
		f.PublishKeys(func(l *release.KeyList) { l.Expires = time.Now().UTC().AddDate(0, 0, 20) })
		want(t, "the next list", f.ask(t, f.Files()), nil)
	})
}

// TestListTellsTime: what the root keys have signed proves a time, too.
func TestListTellsTime(t *testing.T) {
	f := newFleet(t)
	f.PublishKeys(func(l *release.KeyList) {
		l.Issued, l.Expires = time.Now().UTC().AddDate(0, 0, 20), time.Now().UTC().AddDate(0, 0, 40)
	})
	upTo := func(days int) func(*release.Manifest) {
		return func(m *release.Manifest) { m.Expires = time.Now().UTC().AddDate(0, 0, days) }
	}
	want(t, "good by the clock alone", f.ask(t, f.by(f.Release, "1.0.0", upTo(19))), trust.ErrExpired)
	want(t, "good by both", f.ask(t, f.by(f.Release, "1.0.0", upTo(21))), nil)
}
