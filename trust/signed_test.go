package trust_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// vouch asks a policy about what a directory says.
func vouch(t *testing.T, p trust.Policy, f trusttest.Files) (trust.Grant, error) {
	t.Helper()
	return p.Vouch(t.Context(), release.Candidate{Source: "test", Statement: f.Statement(trusttest.Channel)})
}

// publisher makes one without patches, which no policy looks at.
func publisher(t *testing.T) *trusttest.Publisher {
	p := trusttest.NewPublisher(t, "app")
	p.Deltas = 0
	return p
}

// want compares an error with one that can be matched; nil: none.
func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || (got == nil) != (want == nil) {
		t.Fatalf("%s: %v\nwant: %v", what, got, want)
	}
}

func TestSettings(t *testing.T) {
	k := trusttest.NewKey(t)
	raw, err := base64.StdEncoding.DecodeString(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func([]byte)) string {
		b := append([]byte(nil), raw...)
		change(b)
		return base64.StdEncoding.EncodeToString(b)
	}
	sameID := with(func(b []byte) { copy(b[10:], "another key, of the same ID as it") })
	sameKey := with(func(b []byte) { b[2] ^= 1 })
	pub := "untrusted comment: minisign public key " + k.ID() + "\n" + k.Public() + "\n"
	pinned := func(keys ...string) *trust.Signed { return trust.Minisign(keys...).For("app", "stable") }
	for _, row := range []struct {
		name   string
		policy *trust.Signed
		want   string // part of the error; empty: nothing is wrong
	}{
		{"good", pinned(k.Public()), ""},
		{"a .pub file", pinned(pub), ""},
		{"a .pub file of another system", pinned(strings.ReplaceAll(pub, "\n", "\r\n")), ""},
		{"the same key again", pinned(k.Public(), pub), ""},
		{"everything set", pinned(k.Public()).Threshold(1).Platform("linux/arm64").AtLeast(3).Running("1.0.0").AllowDowngrade().EverySlot().Slot(0), ""},
		{"roots", trust.Root(k.Public()).For("app", "stable"), ""},
		{"zero", new(trust.Signed), "no key is given"},
		{"not pinned", trust.Minisign(k.Public()), "call For(product, channel)"},
		{"pinned to nothing", trust.Minisign(k.Public()).For("", ""), "product"},
		{"pinned to no name", pinned(k.Public()).For("App", "stable"), "product"},
		{"pinned to the list of keys", pinned(k.Public()).For("app", "keys"), "channel"},
		{"no keys", pinned(), "no key is given"},
		{"empty key", pinned(""), "no public key of minisign"},
		{"a file's name", pinned("release.pub"), "no public key of minisign"},
		{"a cut key", pinned(k.Public()[:50]), "no public key of minisign"},
		{"one bad key of two", pinned(k.Public(), "RW"), "no public key of minisign"},
		{"two keys of one ID", pinned(k.Public(), sameID), "same ID"},
		{"one key under two IDs", pinned(k.Public(), sameKey), "same key under two IDs"},
		{"the same twice is one", pinned(k.Public(), k.Public()).Threshold(2), "threshold 2 of 1"},
		{"threshold of none", pinned(k.Public()).Threshold(0), "threshold 0"},
		{"threshold below none", pinned(k.Public()).Threshold(-1), "threshold -1"},
		{"key of zeros", pinned(with(func(b []byte) { clear(b[10:]) })), "anybody can sign"},
		{"no platform", pinned(k.Public()).Platform(""), "platform"},
		{"running no version", pinned(k.Public()).Running("(devel)"), "running version"},
		{"slot of no host", pinned(k.Public()).Slot(100), "slot"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := publisher(t)
			_, refused := vouch(t, row.policy, p.Publish("1.0.0"))
			err := row.policy.Check()
			if row.want == "" {
				want(t, "Check", err, nil)
				if errors.Is(refused, trust.ErrSettings) {
					t.Fatalf("Vouch: %v", refused)
				}
				return
			}
			want(t, "Check", err, trust.ErrSettings)
			want(t, "Vouch", refused, trust.ErrSettings)
			if !strings.Contains(err.Error(), row.want) {
				t.Fatalf("Check: %v\nwant %q in it", err, row.want)
			}
		})
	}
	want(t, "not pinned", trust.Minisign(k.Public()).Check(), trust.ErrNotPinned)
}

// TestSettingsAreCopies: nothing that a method sets is seen by the receiver, nor
// by another copy of it.
func TestSettingsAreCopies(t *testing.T) {
	k := trusttest.NewKey(t)
	base := trust.Minisign(k.Public()).For("app", "stable")
	before := fmt.Sprintf("%+v", *base)
	bad, worse := base.Running("x"), base.Slot(-1)
	base.For("b", "c").Threshold(2).Platform("p/q").AtLeast(9).AllowDowngrade().EverySlot().On(trust.Host{MachineID: "m"})
	if after := fmt.Sprintf("%+v", *base); after != before {
		t.Fatalf("it was\n%s\nand is\n%s", before, after)
	}
	if strings.Contains(bad.Check().Error(), "slot") || strings.Contains(worse.Check().Error(), "running") || base.Check() != nil {
		t.Fatalf("mistakes are shared:\n%v\n%v\n%v", bad.Check(), worse.Check(), base.Check())
	}
}

func TestThreshold(t *testing.T) {
	one, two, three, foreign := trusttest.NewKey(t), trusttest.NewKey(t), trusttest.NewKey(t), trusttest.NewKey(t)
	policy := trust.Minisign(one.Public(), two.Public(), three.Public()).Threshold(2)
	type keys = []*trusttest.Key
	for _, row := range []struct {
		name string
		by   keys
		want error
	}{
		{"two", keys{one, three}, nil},
		{"all", keys{three, two, one}, nil},
		{"two and a foreign one", keys{foreign, one, two}, nil},
		{"one", keys{two}, trust.ErrThreshold},
		{"one, twice", keys{two, two}, trust.ErrThreshold},
		{"one and a foreign one", keys{two, foreign}, trust.ErrThreshold},
		{"a foreign one, twice", keys{foreign, foreign}, trust.ErrSignature},
		{"nobody", nil, trust.ErrUnsigned},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := publisher(t)
			_, err := vouch(t, policy.For("app", "stable"), p.Put(p.Encode(p.Manifest("1.0.0")), row.by...))
			want(t, "Vouch", err, row.want)
		})
	}
}

// TestAlgorithms: a signature of either kind counts, a key once.
func TestAlgorithms(t *testing.T) {
	p := publisher(t)
	f := p.Publish("1.0.0")
	st := f.Statement("stable")
	legacy := p.Release.SignLegacy(st.Manifest)
	for _, row := range []struct {
		name       string
		signatures []byte
		threshold  int
		want       error
	}{
		{"prehashed", st.Signatures, 1, nil},
		{"legacy", legacy, 1, nil},
		{"both, of one key", append(append([]byte(nil), st.Signatures...), legacy...), 2, trust.ErrThreshold},
		{"lines of another system", []byte(strings.ReplaceAll(string(st.Signatures), "\n", "\r\n")), 1, nil},
		{"behind what is none", append([]byte("hello\nuntrusted comment: x\n\n"), st.Signatures...), 1, nil},
		{"cut", st.Signatures[:len(st.Signatures)-5], 1, trust.ErrSignature},
		{"very many", []byte(strings.Repeat(string(legacy), 65)), 1, release.ErrFormat},
		{"very long", make([]byte, release.MaxSignatures+1), 1, release.ErrFormat},
	} {
		t.Run(row.name, func(t *testing.T) {
			other := trusttest.NewKey(t)
			policy := trust.Minisign(p.Release.Public(), other.Public()).For("app", "stable").Threshold(row.threshold)
			given := *st
			given.Signatures = row.signatures
			if row.name == "very long" {
				given.Signatures = append(row.signatures, st.Signatures...)
			}
			_, err := policy.Vouch(t.Context(), release.Candidate{Statement: &given})
			want(t, "Vouch", err, row.want)
		})
	}
}

func TestUnsigned(t *testing.T) {
	p := publisher(t)
	policy := trust.Minisign(p.Release.Public()).For("app", "stable")
	for name, st := range map[string]*release.Statement{"no statement": nil, "empty": {}} {
		_, err := policy.Vouch(t.Context(), release.Candidate{Digest: one, Size: 3, Statement: st})
		want(t, name, err, trust.ErrUnsigned)
	}
}

// TestGrantBinds: what the source claims about the bytes must be what is signed.
func TestGrantBinds(t *testing.T) {
	p := publisher(t)
	policy := trust.Minisign(p.Release.Public()).For("app", "stable")
	st := p.Publish("1.0.0").Statement("stable")
	_, err := trust.Check(t.Context(), policy, release.Candidate{Statement: st, Digest: one})
	want(t, "another digest", err, trust.ErrContradiction)
	_, err = trust.Check(t.Context(), policy, release.Candidate{Statement: st, Size: 1})
	want(t, "another size", err, trust.ErrContradiction)
	v, err := trust.Check(t.Context(), policy, release.Candidate{Statement: st})
	if err != nil || v.Insecure() || v.By() != "minisign app/stable" || v.Candidate().Size != int64(len(p.Latest())) {
		t.Fatalf("%+v, %v", v, err)
	}
}

func TestPlatform(t *testing.T) {
	p := publisher(t)
	f := p.Publish("1.0.0")
	policy := trust.Minisign(p.Release.Public()).For("app", "stable")
	here, err := vouch(t, policy, f)
	want(t, "this one", err, nil)
	there, err := vouch(t, policy.Platform("plan9/386"), f)
	want(t, "another one", err, nil)
	if here == there {
		t.Fatalf("both platforms get %+v", here)
	}
	_, err = vouch(t, policy.Platform("plan9/arm"), f)
	want(t, "one that there is no program for", err, trust.ErrPlatform)
	if !strings.Contains(err.Error(), "plan9/386") {
		t.Errorf("%v: want it to name the platforms that there are", err)
	}
}
