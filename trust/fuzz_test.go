package trust_test

import (
	"errors"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// FuzzSignatures: nothing but a signature by the key is one.
func FuzzSignatures(f *testing.F) {
	wanted, other := trusttest.NewKey(f), trusttest.NewKey(f)
	manifest := []byte(`{"format":1}`)
	f.Add(manifest, other.Sign(manifest))
	f.Add(manifest, other.SignLegacy(manifest))
	f.Add([]byte("other"), wanted.Sign(manifest))
	f.Add(manifest, append(other.Sign(manifest), wanted.Sign([]byte("other"))...))
	policy := trust.Minisign(wanted.Public()).For("app", "stable")
	f.Fuzz(func(t *testing.T, manifest, signatures []byte) {
		if len(manifest) == 0 {
			return
		}
		_, err := policy.Vouch(t.Context(), release.Candidate{Statement: &release.Statement{Manifest: manifest, Signatures: signatures}})
		// The fuzzer might put the one message and its signature together, which
		// is a manifest of format 1 and nothing else.
		if !errors.Is(err, trust.ErrSignature) && !errors.Is(err, trust.ErrUnsigned) && !errors.Is(err, release.ErrFormat) {
			t.Fatalf("Vouch = %v", err)
		}
	})
}

// FuzzRecord: whatever is remembered, it is understood or told to be damaged,
// and forged releases stay out.
func FuzzRecord(f *testing.F) {
	p := trusttest.NewPublisher(f, "app")
	p.Deltas = 0
	files := p.Publish("1.0.0")
	forged := p.Put(p.Encode(p.Manifest("1.1.0")), trusttest.NewKey(f))
	ask := func(t *testing.T, m trust.Memory, of trusttest.Files) error {
		policy := trust.Root(p.Root.Public()).For("app", "stable").On(trust.Host{Memory: m})
		_, err := policy.Vouch(t.Context(), release.Candidate{Statement: of.Statement(trusttest.Channel)})
		return err
	}
	f.Add([]byte(`{"format":1,"product":"app","min_seq":3,"by":["0123456789ABCDEF"],"channels":{"stable":{"seq":1}},"keys":"e30=","keys_signatures":"AA=="}`))
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		m := &trusttest.Memory{}
		m.Set(recordName, record)
		first := ask(t, m, files)
		if err := ask(t, m, forged); err == nil {
			t.Fatal("a forged release is let in")
		}
		if again := ask(t, m, files); (first == nil) != (again == nil) {
			t.Fatalf("first: %v\nagain: %v", first, again)
		}
	})
}

// BenchmarkVouch asks about a release that is let in again and again.
func BenchmarkVouch(b *testing.B) {
	p := trusttest.NewPublisher(b, "app")
	p.Deltas = 0
	st := p.History().Statement(trusttest.Channel)
	for name, policy := range map[string]*trust.Signed{"minisign": trust.Minisign(p.Release.Public()), "root": trust.Root(p.Root.Public())} {
		b.Run(name, func(b *testing.B) {
			bound := policy.For("app", "stable").On(trust.Host{Memory: &trusttest.Memory{}})
			for b.Loop() {
				if _, err := bound.Vouch(b.Context(), release.Candidate{Statement: st}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
