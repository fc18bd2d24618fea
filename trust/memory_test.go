package trust_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

const recordName = "manifest-app"

// restarted is a policy of a process that has just begun, on a host that has
// been there for long.
func restarted(p *trusttest.Publisher, m trust.Memory, change ...func(*trust.Signed) *trust.Signed) trust.Policy {
	s := trust.Minisign(p.Release.Public()).For("app", "stable")
	for _, c := range change {
		s = c(s)
	}
	return s.On(trust.Host{Memory: m})
}

// TestMemory: what is refused leaves no trace, what is let in leaves one, and
// what is asked again writes nothing.
func TestMemory(t *testing.T) {
	p, m := publisher(t), &trusttest.Memory{}
	forged := p.Put(p.Encode(p.Manifest("1.0.0")), p.Stolen)
	_, err := vouch(t, restarted(p, m), forged)
	want(t, "forged", err, trust.ErrSignature)
	if m.Entry(recordName) != nil {
		t.Fatalf("what was refused is remembered:\n%s", m.Entry(recordName))
	}
	f := p.Publish("1.0.0")
	for range 3 {
		_, err := vouch(t, restarted(p, m), f)
		want(t, "honest", err, nil)
	}
	if n := m.Writes(); n != 2 { // that it was seen, that it was let in
		t.Errorf("%d writes for one release, want 2", n)
	}
	t.Logf("the record:\n%s", m.Entry(recordName))
}

// TestSeenBeforeLetIn: a manifest that offers this host nothing counts as seen,
// so nothing older comes in after it; but its version was not let in.
func TestSeenBeforeLetIn(t *testing.T) {
	p, m := publisher(t), &trusttest.Memory{}
	old := p.Publish("1.0.0")
	_, err := vouch(t, restarted(p, m), p.Publish("2.0.0", func(m *release.Manifest) { delete(m.Artifacts, release.Platform()) }))
	want(t, "nothing for this platform", err, trust.ErrPlatform)
	_, err = vouch(t, restarted(p, m), old)
	want(t, "older", err, trust.ErrReplay)
	_, err = vouch(t, restarted(p, m), p.Publish("1.5.0"))
	want(t, "newer, of a version between", err, nil)
}

func TestWithoutMemory(t *testing.T) {
	p := publisher(t)
	old, next := p.Publish("1.0.0"), p.Publish("1.1.0")
	policy := trust.Minisign(p.Release.Public()).For("app", "stable")
	_, err := vouch(t, policy, next)
	want(t, "next", err, nil)
	_, err = vouch(t, policy.Threshold(1), old) // a copy has seen the same
	want(t, "old", err, trust.ErrReplay)
}

// TestChannels: each channel has its newest manifest, the floor and the version
// are those of the product.
func TestChannels(t *testing.T) {
	p, m := publisher(t), &trusttest.Memory{}
	in := func(channel string) func(*release.Manifest) { return func(m *release.Manifest) { m.Channel = channel } }
	beta := in("beta")
	ask := func(channel string, f trusttest.Files) error {
		_, err := vouch(t, trust.Minisign(p.Release.Public()).For("app", channel).On(trust.Host{Memory: m}), f)
		return err
	}
	edge, stable := p.Publish("1.0.0", in("edge")), p.Publish("1.0.0")
	want(t, "beta 3", ask("beta", p.Publish("0.9.0", beta)), nil)
	want(t, "stable 2 after beta 3", ask("stable", stable), nil)
	want(t, "beta 4", ask("beta", p.Publish("1.1.0", beta, func(m *release.Manifest) { m.MinSeq = 3 })), nil)
	want(t, "stable 2 below the floor of beta 4", ask("stable", stable), trust.ErrFloor)
	want(t, "stable 5, lower than what beta let in", ask("stable", p.Publish("1.0.1")), trust.ErrDowngrade)
	want(t, "stable 6, which says nothing of a floor", ask("stable", p.Publish("1.1.0")), nil)
	want(t, "edge 1 below the floor all the same", ask("edge", edge), trust.ErrFloor)
}

func TestFloors(t *testing.T) {
	p := publisher(t)
	f := p.Publish("1.5.0")
	for _, row := range []struct {
		name   string
		change func(*trust.Signed) *trust.Signed
		want   error
	}{
		{"at the built-in floor", func(s *trust.Signed) *trust.Signed { return s.AtLeast(1) }, nil},
		{"below the built-in floor", func(s *trust.Signed) *trust.Signed { return s.AtLeast(2) }, trust.ErrFloor},
		{"a lower floor does not lower it", func(s *trust.Signed) *trust.Signed { return s.AtLeast(2).AtLeast(1) }, trust.ErrFloor},
		{"the version that runs", func(s *trust.Signed) *trust.Signed { return s.Running("v1.5.0") }, nil},
		{"a version below the one that runs", func(s *trust.Signed) *trust.Signed { return s.Running("1.5.1") }, trust.ErrDowngrade},
		{"a version below, allowed", func(s *trust.Signed) *trust.Signed { return s.Running("1.5.1").AllowDowngrade() }, nil},
		{"allowed, and below the floor", func(s *trust.Signed) *trust.Signed { return s.AllowDowngrade().AtLeast(2) }, trust.ErrFloor},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := vouch(t, restarted(p, nil, row.change), f)
			want(t, "Vouch", err, row.want)
		})
	}
}

func TestYanked(t *testing.T) {
	p, m := publisher(t), &trusttest.Memory{}
	running := func(v string) func(*trust.Signed) *trust.Signed {
		return func(s *trust.Signed) *trust.Signed { return s.Running(v) }
	}
	_, err := vouch(t, restarted(p, m, running("1.0.0")), p.Publish("1.1.0"))
	want(t, "up", err, nil)
	back := p.Publish("1.0.0", func(m *release.Manifest) { m.Yanked = []string{"v1.1.0"} })
	_, err = vouch(t, restarted(p, m, running("1.1.0")), back)
	want(t, "back from a yanked version", err, nil)
	_, err = vouch(t, restarted(p, m, running("1.0.0")), back)
	want(t, "again, when it runs", err, nil)
	_, err = vouch(t, restarted(p, m, running("1.0.0")), p.Publish("0.9.0", func(m *release.Manifest) { m.Yanked = []string{"1.1.0"} }))
	want(t, "further back", err, trust.ErrDowngrade)
	_, err = vouch(t, restarted(p, m, running("1.0.0"), (*trust.Signed).AllowDowngrade), p.Publish("0.9.0"))
	want(t, "further back, as the operator asked", err, nil)
}

// TestClock: the time is that of the clock, or of the newest manifest where the
// clock is behind it.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := publisher(t), &trusttest.Memory{}
		f := p.Publish("1.0.0")
		time.Sleep(31*24*time.Hour - time.Second)
		_, err := vouch(t, restarted(p, m), f)
		want(t, "a second before", err, nil)
		time.Sleep(time.Second)
		_, err = vouch(t, restarted(p, m), f)
		want(t, "at its time", err, trust.ErrExpired)
		_, err = vouch(t, restarted(p, m), p.Publish("1.0.0"))
		want(t, "issued again", err, nil)

		// From here on the clock is 20 days behind that of the publisher.
		ahead := func(days int) func(*release.Manifest) {
			return func(m *release.Manifest) {
				m.Issued = time.Now().UTC().AddDate(0, 0, 20)
				m.Expires = time.Now().UTC().AddDate(0, 0, days)
			}
		}
		_, err = vouch(t, restarted(p, m), p.Publish("1.1.0", ahead(50)))
		want(t, "issued after the clock", err, nil)
		_, err = vouch(t, restarted(p, m), p.Publish("1.2.0", func(m *release.Manifest) { m.Expires = m.Issued.AddDate(0, 0, 19) }))
		want(t, "good by the clock alone", err, trust.ErrExpired)
		_, err = vouch(t, restarted(p, m), p.Publish("1.2.0", ahead(21)))
		want(t, "good by both", err, nil)
	})
}

func TestDamagedMemory(t *testing.T) {
	p := publisher(t)
	f := p.Publish("1.0.0")
	whole := &trusttest.Memory{}
	_, err := vouch(t, restarted(p, whole), f)
	want(t, "whole", err, nil)
	good := string(whole.Entry(recordName))
	for _, row := range []struct{ name, record string }{
		{"empty", ""},
		{"blank", "\n"},
		{"cut", good[:len(good)/2]},
		{"zeros", string(make([]byte, 100))},
		{"null", "null"},
		{"two", good + good},
		{"newer", strings.Replace(good, `"format": 1`, `"format": 2`, 1)},
		{"of another product", strings.Replace(good, `"app"`, `"other"`, 1)},
		{"number that is none", strings.Replace(good, `"seq": 1`, `"seq": -1`, 1)},
		{"version that is none", strings.Replace(good, `"1.0.0"`, `"new"`, 1)},
		{"digest that is none", strings.Replace(good, `"manifest": "`, `"manifest": "x`, 1)},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := &trusttest.Memory{}
			m.Set(recordName, []byte(row.record))
			_, err := vouch(t, restarted(p, m), f)
			want(t, "Vouch", err, trust.ErrMemory)
			if !strings.Contains(err.Error(), recordName) {
				t.Errorf("%v: want it to name the record", err)
			}
			if got := m.Entry(recordName); string(got) != row.record {
				t.Errorf("it is now\n%s", got)
			}
		})
	}
}

// A broken is a memory that keeps no promise.
type broken struct {
	err  error
	deaf bool
}

func (b broken) Update(_ context.Context, _ string, change func([]byte) ([]byte, error)) error {
	if b.deaf {
		return nil
	}
	if _, err := change(nil); err != nil {
		return err
	}
	return b.err
}

func TestBrokenMemory(t *testing.T) {
	p := publisher(t)
	f := p.Publish("1.0.0")
	full := errors.New("no space left on device")
	_, err := vouch(t, restarted(p, broken{err: full}), f)
	want(t, "full disk", err, trust.ErrMemory)
	want(t, "full disk", err, full)
	_, err = vouch(t, restarted(p, broken{deaf: true}), f)
	want(t, "a memory that asks nothing", err, trust.ErrMemory)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = restarted(p, &trusttest.Memory{}).Vouch(ctx, release.Candidate{Statement: f.Statement("stable")})
	want(t, "cancelled", err, context.Canceled)
}

// TestTwoMasters share a state directory: while one waits for what is installed,
// the other sees a newer manifest.
func TestTwoMasters(t *testing.T) {
	p, m := publisher(t), &trusttest.Memory{}
	older := p.Publish("1.0.0", func(m *release.Manifest) {
		m.Rollout = &release.Rollout{Percent: 0, Seed: "s"}
		m.Blocked = []release.Digest{one}
	})
	newer := p.Publish("1.1.0")
	signed := trust.Minisign(p.Release.Public()).For("app", "stable")
	slow := signed.On(trust.Host{Memory: m, Installed: func(context.Context) (release.Digest, error) {
		_, err := vouch(t, signed.On(trust.Host{Memory: m}), newer)
		return one, err
	}})
	_, err := vouch(t, slow, older)
	want(t, "the older one", err, trust.ErrReplay)
	var record struct{ Version string }
	if err := json.Unmarshal(m.Entry(recordName), &record); err != nil || record.Version != "1.1.0" {
		t.Fatalf("%v; the record:\n%s", err, m.Entry(recordName))
	}
}

// TestConcurrentVouch: of many that ask at once about two releases, all that
// have seen the newer one refuse the older.
func TestConcurrentVouch(t *testing.T) {
	p, m := publisher(t), &trusttest.Memory{}
	files := []trusttest.Files{p.Publish("1.0.0"), p.Publish("1.1.0")}
	policy := restarted(p, m)
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			_, err := vouch(t, policy, files[i%2])
			if err != nil && (i%2 == 1 || !errors.Is(err, trust.ErrReplay)) {
				t.Errorf("release %d: %v", i%2, err)
			}
		})
	}
	all.Wait()
	_, err := vouch(t, policy, files[0])
	want(t, "the older one", err, trust.ErrReplay)
}

// TestProductNames: every product has a record of a name that a Memory takes.
func TestProductNames(t *testing.T) {
	names := map[string]string{}
	for _, product := range []string{"app", "my_app", "my-app", "a.b", strings.Repeat("a", 55), strings.Repeat("a", 56), strings.Repeat("a", 128)} {
		p := trusttest.NewPublisher(t, product)
		p.Deltas = 0
		m := &naming{}
		_, err := vouch(t, trust.Minisign(p.Release.Public()).For(product, "stable").On(trust.Host{Memory: m}), p.Publish("1.0.0"))
		want(t, product, err, nil)
		if len(m.name) > 64 || strings.Trim(m.name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || names[m.name] != "" {
			t.Errorf("product %q: record %q (also that of %q)", product, m.name, names[m.name])
		}
		names[m.name] = product
	}
}

type naming struct {
	trusttest.Memory
	name string
}

func (n *naming) Update(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	n.name = name
	return n.Memory.Update(ctx, name, change)
}
