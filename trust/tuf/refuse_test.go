package tuf_test

import (
	"crypto/sha512"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

// refusals are what a repository, a mirror or a thief of keys may do to a host
// that has seen release one, and then release two.
var refusals = []struct {
	name string
	want error
	do   func(s *site, first state)

	// lasting: the thief has changed what the true owner's files are compared
	// with, so that they have to be signed anew.
	lasting bool
}{
	{"expired root", tuf.ErrExpired, func(s *site, _ state) {
		s.root.Signed.Expires = time.Now().Add(-day)
		s.signRoot(s.keys["root"]...)
	}, true},
	{"expired timestamp", tuf.ErrExpired, func(s *site, _ state) {
		s.timestamp.Signed.Expires = time.Now().Add(-day)
		s.signTimestamp()
	}, false},
	{"expired snapshot", tuf.ErrExpired, func(s *site, _ state) {
		s.snapshot.Signed.Expires = time.Now().Add(-day)
		s.publish()
	}, true},
	{"expired targets", tuf.ErrExpired, func(s *site, _ state) {
		s.roles["targets"].Signed.Expires = time.Now().Add(-day)
		s.publish("targets")
	}, true},

	{"everything rolled back", tuf.ErrRollback, func(s *site, first state) {
		s.serve(first)
	}, false},
	{"timestamp rolled back", tuf.ErrRollback, func(s *site, first state) {
		s.put("timestamp.json", first["timestamp.json"])
	}, false},
	{"snapshot rolled back, by a thief of the timestamp key", tuf.ErrRollback, func(s *site, first state) {
		s.timestamp.Signed.Meta["snapshot.json"] = fileOf(1, first["1.snapshot.json"])
		s.signTimestamp()
	}, false},
	{"targets rolled back, by a thief of the timestamp and snapshot keys", tuf.ErrRollback, func(s *site, first state) {
		s.snapshot.Signed.Meta["targets.json"] = fileOf(1, first["1.targets.json"])
		s.publish()
	}, true},
	{"targets taken out of the snapshot", tuf.ErrRollback, func(s *site, _ state) {
		delete(s.snapshot.Signed.Meta, "targets.json")
		s.publish()
	}, true},

	{"root by a stranger", tuf.ErrSignature, func(s *site, _ state) {
		s.trust("root", newKey(s.t))
		s.signRoot(s.keys["root"]...)
	}, false},
	{"root by nobody", tuf.ErrSignature, func(s *site, _ state) {
		s.signRoot()
	}, false},
	{"root that has not signed itself", tuf.ErrSignature, func(s *site, _ state) {
		old := s.keys["root"]
		s.trust("root", newKey(s.t))
		s.signRoot(old...)
	}, false},
	{"timestamp by a stranger", tuf.ErrSignature, func(s *site, _ state) {
		s.keys["timestamp"] = []key{newKey(s.t)}
		s.signTimestamp()
	}, false},
	{"snapshot by a thief of the timestamp key", tuf.ErrSignature, func(s *site, _ state) {
		s.keys["snapshot"] = s.keys["timestamp"]
		s.publish()
	}, true},
	{"targets by a thief of the timestamp key", tuf.ErrSignature, func(s *site, _ state) {
		s.keys["snapshot"], s.keys["targets"] = s.keys["timestamp"], s.keys["timestamp"]
		s.release(app, []byte("malicious"))
	}, true},
	{"targets by a thief of the timestamp and snapshot keys", tuf.ErrSignature, func(s *site, _ state) {
		s.keys["targets"] = s.keys["timestamp"]
		s.release(app, []byte("malicious"))
	}, true},
	{"targets by a thief of the revoked key", tuf.ErrSignature, func(s *site, _ state) {
		stolen := s.keys["targets"]
		s.rotate("targets", newKey(s.t))
		s.keys["targets"] = stolen
		s.release(app, []byte("malicious"))
	}, true},

	{"root of the version before under the next name", tuf.ErrMismatch, func(s *site, first state) {
		s.put("2.root.json", first["1.root.json"])
	}, false},
	{"root of the version after under the next name", tuf.ErrMismatch, func(s *site, _ state) {
		s.root.Signed.Version++ // nobody publishes 2
		s.signRoot(s.keys["root"]...)
		s.put("2.root.json", s.file("3.root.json"))
	}, false},
	{"snapshot of one time with the timestamp of another", tuf.ErrMismatch, func(s *site, first state) {
		s.publish()
		s.put("3.snapshot.json", first["1.snapshot.json"])
	}, true},
	{"the same, where the timestamp has no hashes", tuf.ErrMismatch, func(s *site, _ state) {
		s.publish()
		s.put("3.snapshot.json", s.file("2.snapshot.json"))
		s.timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(3)
		s.signTimestamp()
	}, true},
	{"targets of one time with the snapshot of another", tuf.ErrMismatch, func(s *site, first state) {
		s.publish("targets")
		s.put("3.targets.json", first["1.targets.json"])
	}, true},
	{"the same, where the snapshot has no hashes", tuf.ErrMismatch, func(s *site, first state) {
		s.put("3.targets.json", first["1.targets.json"])
		s.snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(3)
		s.publish()
	}, true},

	{"a page instead of the timestamp", tuf.ErrMalformed, func(s *site, _ state) {
		s.put("timestamp.json", []byte("<html>please log in</html>"))
	}, false},
	{"a snapshot instead of the timestamp", tuf.ErrMalformed, func(s *site, first state) {
		s.put("timestamp.json", first["1.snapshot.json"])
	}, false},
	{"a timestamp without a snapshot", tuf.ErrMalformed, func(s *site, _ state) {
		delete(s.timestamp.Signed.Meta, "snapshot.json")
		s.signTimestamp()
	}, false},
	{"a timestamp whose snapshot is null", tuf.ErrMalformed, func(s *site, _ state) {
		s.timestamp.Signed.Meta["snapshot.json"] = nil
		s.signTimestamp()
	}, false},
	{"a snapshot whose targets are null", tuf.ErrMalformed, func(s *site, _ state) {
		s.snapshot.Signed.Meta["targets.json"] = nil
		s.publish()
	}, true},
	{"a root whose role is null", tuf.ErrMalformed, func(s *site, _ state) {
		s.root.Signed.Roles["root"] = nil
		s.signRoot(s.keys["root"]...)
	}, false},

	{"a timestamp that is too large", tuf.ErrTooLarge, func(s *site, _ state) {
		s.put("timestamp.json", make([]byte, 16_385))
	}, false},
	{"a snapshot that is announced as too large", tuf.ErrTooLarge, func(s *site, _ state) {
		s.timestamp.Signed.Version++
		s.timestamp.Signed.Meta["snapshot.json"] = &metadata.MetaFiles{Version: 3, Length: 2_000_001}
		s.signTimestamp()
	}, true},
	{"a snapshot that is larger than announced", tuf.ErrTooLarge, func(s *site, _ state) {
		s.publish()
		s.put("3.snapshot.json", append(slices.Clip(s.file("3.snapshot.json")), ' '))
	}, true},
	{"endless metadata", tuf.ErrTooLarge, func(s *site, _ state) {
		s.answer(func(w http.ResponseWriter, req *http.Request) bool {
			if req.URL.Path != "/timestamp.json" {
				return false
			}
			for piece := make([]byte, 4096); ; {
				if _, err := w.Write(piece); err != nil {
					return true
				}
			}
		})
	}, false},

	{"a server in trouble", tuf.ErrUnreachable, func(s *site, _ state) {
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true })
	}, false},
	{"no metadata", tuf.ErrUnreachable, func(s *site, _ state) {
		s.serve(nil)
	}, false},
	{"no snapshot", tuf.ErrUnreachable, func(s *site, _ state) {
		s.publish()
		s.answer(func(w http.ResponseWriter, req *http.Request) bool {
			if req.URL.Path == "/3.snapshot.json" {
				http.NotFound(w, req)
			}
			return req.URL.Path == "/3.snapshot.json"
		})
	}, true},

	{"the target is no longer listed", tuf.ErrNoTarget, func(s *site, _ state) {
		delete(s.roles["targets"].Signed.Targets, app)
		s.publish("targets")
	}, true},
	{"a target without a SHA-256", tuf.ErrUnbound, func(s *site, _ state) {
		sum := sha512.Sum512(two)
		s.roles["targets"].Signed.Targets[app].Hashes = metadata.Hashes{"sha512": sum[:]}
		s.publish("targets")
	}, true},
	{"a target with a short SHA-256", tuf.ErrUnbound, func(s *site, _ state) {
		s.roles["targets"].Signed.Targets[app].Hashes = metadata.Hashes{"sha256": {1, 2, 3}}
		s.publish("targets")
	}, true},
	{"a target with a SHA-256 of zeros", tuf.ErrUnbound, func(s *site, _ state) {
		s.roles["targets"].Signed.Targets[app].Hashes = metadata.Hashes{"sha256": make([]byte, 32)}
		s.publish("targets")
	}, true},
	{"a target without a length", tuf.ErrUnbound, func(s *site, _ state) {
		s.roles["targets"].Signed.Targets[app].Length = 0
		s.publish("targets")
	}, true},
	{"a target that is null", tuf.ErrMalformed, func(s *site, _ state) {
		s.roles["targets"].Signed.Targets[app] = nil
		s.publish("targets")
	}, true},
}

func TestRefusals(t *testing.T) {
	for _, row := range refusals {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.release(app, one)
			first := s.state()
			s.accepts(s.start(), one)
			s.release(app, two)
			second := s.state()
			p := s.start()
			s.accepts(p, two)

			row.do(s, first)
			s.refuses(p, row.want)
			s.refuses(s.start(), row.want) // after a restart

			if row.lasting {
				return
			}
			s.answer(nil)
			s.serve(second)
			s.accepts(s.start(), two)
		})
	}
}

// A host that has seen nothing refuses the same, but for what is older than
// what it has seen.
func TestFirstRefusals(t *testing.T) {
	for _, row := range refusals {
		if row.want == tuf.ErrRollback {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.release(app, one)
			first := s.state()
			s.release(app, two)
			row.do(s, first)
			s.refuses(s.start(), row.want)
		})
	}
}
