package tuf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

func TestDelegations(t *testing.T) {
	malicious := []byte("malicious")
	for _, row := range []struct {
		name   string
		target string
		make   func(s *site)
		want   error // nil: program one
	}{
		{"by pattern", "linux/app", func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "linux", Paths: []string{"linux/*"}})
			s.list("linux", "linux/app", one)
			s.publish("targets", "linux")
		}, nil},
		{"by hash of the name", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "bin", PathHashPrefixes: []string{prefixOf(app, 2)}})
			s.list("bin", app, one)
			s.publish("targets", "bin")
		}, nil},
		{"by bins", app, func(s *site) {
			k := newKey(t)
			s.roles["targets"].Signed.Delegations = &metadata.Delegations{
				Keys:          map[string]*metadata.Key{k.id: k.public},
				SuccinctRoles: &metadata.SuccinctRoles{KeyIDs: []string{k.id}, Threshold: 1, BitLength: 8, NamePrefix: "bin"},
			}
			bin := "bin-" + prefixOf(app, 2)
			s.addRole(bin, k)
			s.list(bin, app, one)
			s.publish("targets", bin)
		}, nil},
		{"two steps", "linux/arm/app", func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "linux", Paths: []string{"linux/*/*"}})
			s.delegate("linux", metadata.DelegatedRole{Name: "arm", Paths: []string{"linux/arm/*"}})
			s.list("arm", "linux/arm/app", one)
			s.publish("targets", "linux", "arm")
		}, nil},
		{"the delegating role comes first", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "team", Paths: []string{"*"}})
			s.list("targets", app, one)
			s.list("team", app, malicious)
			s.publish("targets", "team")
		}, nil},
		{"the first of two comes first", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.delegate("targets", metadata.DelegatedRole{Name: "b", Paths: []string{"*"}})
			s.list("a", app, one)
			s.list("b", app, malicious)
			s.publish("targets", "a", "b")
		}, nil},
		{"the roles of the first come before the second", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.delegate("targets", metadata.DelegatedRole{Name: "b", Paths: []string{"*"}})
			s.delegate("a", metadata.DelegatedRole{Name: "below", Paths: []string{"*"}})
			s.list("below", app, one)
			s.list("b", app, malicious)
			s.publish("targets", "a", "b", "below")
		}, nil},
		{"the first of two lists nothing", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.delegate("targets", metadata.DelegatedRole{Name: "b", Paths: []string{"*"}})
			s.list("b", app, one)
			s.publish("targets", "a", "b")
		}, nil},
		{"a final role lists nothing", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}, Terminating: true})
			s.delegate("targets", metadata.DelegatedRole{Name: "b", Paths: []string{"*"}})
			s.list("b", app, malicious)
			s.publish("targets", "a", "b")
		}, tuf.ErrNoTarget},
		{"a final role below another lists nothing", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.delegate("targets", metadata.DelegatedRole{Name: "b", Paths: []string{"*"}})
			s.delegate("a", metadata.DelegatedRole{Name: "below", Paths: []string{"*"}, Terminating: true})
			s.list("b", app, malicious)
			s.publish("targets", "a", "b", "below")
		}, tuf.ErrNoTarget},
		{"roles that trust each other", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.delegate("a", metadata.DelegatedRole{Name: "targets-b", Paths: []string{"*"}})
			b := s.roles["targets-b"]
			b.Signed.Delegations = &metadata.Delegations{
				Keys:  map[string]*metadata.Key{s.keys["a"][0].id: s.keys["a"][0].public},
				Roles: []metadata.DelegatedRole{{Name: "a", KeyIDs: []string{s.keys["a"][0].id}, Threshold: 1, Paths: []string{"*"}}},
			}
			s.publish("targets", "a", "targets-b")
		}, tuf.ErrNoTarget},
		{"not trusted for the name", "windows/app", func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "linux", Paths: []string{"linux/*"}})
			s.list("linux", "windows/app", malicious)
			s.publish("targets", "linux")
		}, tuf.ErrNoTarget},
		{"a pattern does not reach into a folder", "linux/arm/app", func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "linux", Paths: []string{"linux/*"}})
			s.list("linux", "linux/arm/app", malicious)
			s.publish("targets", "linux")
		}, tuf.ErrNoTarget},
		{"not trusted for the hash", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "bin", PathHashPrefixes: []string{prefixOf("another", 4)}})
			s.list("bin", app, malicious)
			s.publish("targets", "bin")
		}, tuf.ErrNoTarget},
		{"trusted for nothing", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a"})
			s.list("a", app, malicious)
			s.publish("targets", "a")
		}, tuf.ErrNoTarget},
		{"signed by another role", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.keys["a"] = s.keys["timestamp"]
			s.list("a", app, malicious)
			s.publish("targets", "a")
		}, tuf.ErrSignature},
		{"not in the snapshot", app, func(s *site) {
			s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
			s.list("a", app, malicious)
			s.signRole("a")
			delete(s.snapshot.Signed.Meta, "a.json")
			s.publish("targets")
		}, tuf.ErrMismatch},
		{"too many roles", app, func(s *site) {
			names := []string{"targets"}
			for n := range 32 {
				names = append(names, fmt.Sprintf("team-%d", n))
				s.delegate("targets", metadata.DelegatedRole{Name: names[n+1], Paths: []string{"*"}})
			}
			s.list("team-31", app, one)
			s.publish(names...)
		}, tuf.ErrTooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Target = row.target
			row.make(s)
			for range 2 { // the second time by what is remembered
				if row.want == nil {
					s.accepts(s.start(), one)
				} else {
					s.refuses(s.start(), row.want)
				}
			}
		})
	}
}

// A delegated role is refused in an older version than was seen, as the
// snapshot says.
func TestDelegatedRoleRolledBack(t *testing.T) {
	s := newSite(t)
	s.delegate("targets", metadata.DelegatedRole{Name: "a", Paths: []string{"*"}})
	s.list("a", app, one)
	s.publish("targets", "a")
	old := s.file("1.a.json")
	s.list("a", app, two)
	s.publish("a")
	s.accepts(s.start(), two)
	s.snapshot.Signed.Meta["a.json"] = fileOf(1, old)
	s.publish()
	s.refuses(s.start(), tuf.ErrRollback)
}

// A role that is no longer looked at is not kept.
func TestDelegatedRoleIsForgotten(t *testing.T) {
	s := newSite(t)
	s.delegate("targets", metadata.DelegatedRole{Name: "short-lived", Paths: []string{"*"}})
	s.list("short-lived", app, one)
	s.publish("targets", "short-lived")
	for _, want := range []bool{true, false} {
		s.accepts(s.start(), one)
		if got := strings.Contains(string(s.host.entries["tuf"]), `"short-lived":`); got != want {
			t.Errorf("the role is kept: %t; want %t", got, want)
		}
		s.list("targets", app, one)
		s.publish("targets")
	}
}

// Names are names: none becomes a path, neither here nor on the server.
func TestNamesThatLookLikePaths(t *testing.T) {
	for _, name := range []string{"../../etc/passwd", "/etc/passwd", "..", "a/b", "a b?c=d#e", `..\..\app`, "C:app", "%2e%2e/app"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.options.Target = name
			s.options.MetadataURL += "/"
			s.delegate("targets", metadata.DelegatedRole{Name: name, PathHashPrefixes: []string{prefixOf(name, 4)}})
			s.list(name, name, one)
			s.publish("targets", name)
			s.accepts(s.start(), one)
			s.accepts(s.start(), one)
			s.list("targets", name, two)
			s.publish("targets")
			s.accepts(s.start(), two)
		})
	}
}
