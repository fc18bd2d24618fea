package tuf_test

import (
	"bytes"
	"net/http"
	"slices"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

// From root 1 to 3, each with a new key, by a host that was away.
func TestRootRotation(t *testing.T) {
	s := newSite(t)
	first := s.keys["root"]
	s.rotate("root", newKey(t))
	second := s.keys["root"]
	s.rotate("root", newKey(t))
	s.release(app, one)
	p := s.start()
	s.accepts(p, one)

	for _, row := range []struct {
		name   string
		signed []key
	}{
		{"by the first key, which root 2 has revoked", first},
		{"by the second key, which root 3 has revoked", second},
	} {
		s.root.Signed.Version = 3
		s.signRoot(row.signed...)
		err := s.refuses(p, tuf.ErrSignature)
		if !bytes.Contains([]byte(err.Error()), []byte("4.root.json")) {
			t.Errorf("%s: %v; want the file named", row.name, err)
		}
	}
	s.root.Signed.Version = 3
	s.signRoot(s.keys["root"]...)
	s.accepts(s.start(), one)
}

// A root that only the key after the next has signed cannot be skipped to.
func TestRootCannotBeSkipped(t *testing.T) {
	s := newSite(t)
	s.rotate("root", newKey(t))
	s.rotate("root", newKey(t))
	s.release(app, one)
	s.put("2.root.json", s.file("3.root.json"))
	s.refuses(s.start(), tuf.ErrSignature)
}

// A mirror that no longer has the newer roots does not bring the older ones
// back: here root 2 revoked a key that was stolen.
func TestRootIsNotForgotten(t *testing.T) {
	for _, role := range []string{"timestamp", "snapshot", "targets"} {
		t.Run(role, func(t *testing.T) {
			s := newSite(t)
			s.release(app, one)
			stolen := s.keys[role]
			s.rotate(role, newKey(t))
			s.publish("targets")
			s.accepts(s.start(), one)

			s.keys[role] = stolen
			s.release(app, []byte("malicious"))
			files := s.state()
			delete(files, "2.root.json")
			s.serve(files)
			s.refuses(s.start(), tuf.ErrSignature)
		})
	}
}

// A new root counts from the moment it was seen, though nothing else could be.
func TestRootIsKeptAfterFailure(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	before := s.state()
	s.accepts(s.start(), one)
	s.rotate("timestamp", newKey(t))
	files := s.state()
	delete(files, "timestamp.json")
	s.serve(files)
	s.refuses(s.start(), tuf.ErrUnreachable)
	s.serve(before)
	s.refuses(s.start(), tuf.ErrSignature)
}

// So does a timestamp.
func TestTimestampIsKeptAfterFailure(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	before := s.state()
	s.accepts(s.start(), one)
	s.release(app, two)
	after := s.state()
	broken := s.state()
	delete(broken, "2.snapshot.json")
	s.serve(broken)
	s.refuses(s.start(), tuf.ErrUnreachable)
	s.serve(before)
	s.refuses(s.start(), tuf.ErrRollback)
	s.serve(after)
	s.accepts(s.start(), two)
}

// A thief of both keys signs the highest versions there are. New keys in the
// root are a way out; without them it would be a rollback for ever.
func TestFastForward(t *testing.T) {
	for _, row := range []struct {
		name  string
		roles []string
		want  error
	}{
		{"no new key", nil, tuf.ErrRollback},
		{"new timestamp key", []string{"timestamp"}, nil},
		{"new snapshot key", []string{"snapshot"}, nil},
		{"both", []string{"timestamp", "snapshot"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.release(app, one)
			s.timestamp.Signed.Version, s.snapshot.Signed.Version, s.roles["targets"].Signed.Version = 1<<40, 1<<40, 1<<40
			s.publish("targets")
			s.accepts(s.start(), one)
			for _, role := range row.roles {
				s.rotate(role, newKey(t))
			}
			s.timestamp.Signed.Version, s.snapshot.Signed.Version, s.roles["targets"].Signed.Version = 1, 1, 1
			s.release(app, two)
			if row.want != nil {
				s.refuses(s.start(), row.want)
				return
			}
			s.accepts(s.start(), two)
		})
	}
}

// A root with a kind of key that is not supported stops updates, and what was
// seen is still known when the next root is without it.
func TestUnsupportedKey(t *testing.T) {
	for _, role := range []string{"timestamp", "snapshot"} {
		t.Run(role, func(t *testing.T) {
			s := newSite(t)
			s.release(app, one)
			old := s.state()
			s.release(app, two)
			s.accepts(s.start(), two)

			trusted := s.root.Signed.Roles[role]
			ids := trusted.KeyIDs
			s.root.Signed.Keys["cloud"] = &metadata.Key{Type: "cloud", Scheme: "cloud", Value: metadata.KeyVal{PublicKey: "cloud"}}
			trusted.KeyIDs = append(slices.Clone(ids), "cloud")
			s.signRoot(s.keys["root"]...)
			s.publish()
			s.refuses(s.start(), tuf.ErrMalformed)

			trusted.KeyIDs = ids
			s.signRoot(s.keys["root"]...)
			s.put("timestamp.json", old["timestamp.json"])
			s.refuses(s.start(), tuf.ErrRollback)
		})
	}
}

func TestThreshold(t *testing.T) {
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		t.Run(role, func(t *testing.T) {
			s := newSite(t)
			keys := []key{newKey(t), newKey(t), newKey(t)}
			s.root.Signed.Roles[role].Threshold = 2
			s.rotate(role, keys...)
			s.release(app, one)
			s.accepts(s.start(), one)
			for _, row := range []struct {
				name string
				by   []key
				want error
			}{
				{"one", keys[:1], tuf.ErrSignature},
				{"one and a stranger", []key{keys[1], newKey(t)}, tuf.ErrSignature},
				{"one and its copy", []key{keys[1], {Signer: keys[1], public: keys[1].public, id: "copy"}}, tuf.ErrMalformed},
				{"the last two", keys[1:], nil},
			} {
				s.keys[role] = row.by
				if role == "root" {
					s.root.Signed.Version = 2
					s.signRoot(row.by...)
				} else {
					s.release(app, one)
				}
				if row.want == nil {
					s.accepts(s.start(), one)
					continue
				}
				t.Log(row.name)
				s.refuses(s.start(), row.want)
			}
		})
	}
}

// The same key under two names is one key. The second record of it differs by
// a member that nobody reads, and so by its name.
func TestThresholdCountsKeys(t *testing.T) {
	s := newSite(t)
	k := newKey(t)
	alias := *k.public
	alias.UnrecognizedFields = map[string]any{"note": "the same"}
	s.root.Signed.Roles["targets"].Threshold = 2
	s.trust("targets", k)
	s.root.Signed.Keys["alias"] = &alias
	s.root.Signed.Roles["targets"].KeyIDs = append(s.root.Signed.Roles["targets"].KeyIDs, "alias")
	s.signRoot(s.keys["root"]...)
	s.release(app, one)
	s.refuses(s.start(), tuf.ErrSignature)
}

// A program of later built has a later root pinned, and one of earlier an
// earlier one. What was seen counts for both.
func TestPinOfAnotherVersion(t *testing.T) {
	s := newSite(t)
	for range 3 {
		s.rotate("root", newKey(t))
	}
	s.release(app, one)
	before := s.state()
	s.release(app, two)
	for _, file := range []string{"2.root.json", "4.root.json", "1.root.json", "3.root.json"} {
		s.options.Root = before[file]
		s.accepts(s.start(), two)
		s.serve(before)
		s.refuses(s.start(), tuf.ErrRollback)
		s.release(app, two)
	}
}

// A pinned root of another repository begins anew: what is remembered is not
// signed by it.
func TestPinOfAnotherRepository(t *testing.T) {
	s := newSite(t)
	s.rotate("root", newKey(t))
	s.release(app, one)
	s.release(app, one)
	s.accepts(s.start(), one)

	other := newSite(t)
	other.host = s.host
	other.release(app, two)
	other.accepts(other.start(), two)
	if entry := s.host.entries["tuf"]; bytes.Contains(entry, []byte(`"roots"`)) {
		t.Errorf("roots of the first are kept: %s", entry)
	}
}

// Object stores say 403 for what is not there.
func TestNoNewerRoot(t *testing.T) {
	for _, row := range []struct {
		status int
		want   error
	}{
		{http.StatusNotFound, nil},
		{http.StatusForbidden, nil},
		{http.StatusGone, nil},
		{http.StatusInternalServerError, tuf.ErrUnreachable},
		{http.StatusTooManyRequests, tuf.ErrUnreachable},
	} {
		s := newSite(t)
		s.release(app, one)
		s.answer(func(w http.ResponseWriter, req *http.Request) bool {
			if req.URL.Path == "/2.root.json" {
				w.WriteHeader(row.status)
			}
			return req.URL.Path == "/2.root.json"
		})
		if row.want == nil {
			s.accepts(s.start(), one)
		} else {
			s.refuses(s.start(), row.want)
		}
	}
}

// The limit of roots ends one Vouch; the next goes on from there.
func TestManyRoots(t *testing.T) {
	s := newSite(t)
	for range 5 {
		s.rotate("root", newKey(t))
	}
	s.release(app, one)
	s.options.Limits.Roots = 3
	s.refuses(s.start(), tuf.ErrTooLarge)
	s.requests()
	s.accepts(s.start(), one)
	if got, want := s.requests()[0], "5.root.json"; got != want {
		t.Fatalf("the second Vouch began with %q; want %q", got, want)
	}
}

// A repository that keeps one file a role, without versions in the names.
func TestWithoutConsistentSnapshots(t *testing.T) {
	s := newSite(t)
	s.root.Signed.ConsistentSnapshot = false
	s.signRoot(s.keys["root"]...)
	s.release(app, one)
	s.put("snapshot.json", s.file("1.snapshot.json"))
	s.put("targets.json", s.file("1.targets.json"))
	s.accepts(s.start(), one)
	s.release(app, two)
	s.put("snapshot.json", s.file("2.snapshot.json"))
	s.refuses(s.start(), tuf.ErrMismatch)
	s.put("targets.json", s.file("2.targets.json"))
	s.accepts(s.start(), two)
	if asked := s.requests(); slices.Contains(asked, "1.snapshot.json") {
		t.Fatalf("asked for %q", asked)
	}
}
