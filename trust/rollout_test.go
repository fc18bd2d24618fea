package trust_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

func TestRollout(t *testing.T) {
	broken := errors.New("cannot read the disk")
	installed := func(d release.Digest, err error) func(context.Context) (release.Digest, error) {
		return func(context.Context) (release.Digest, error) { return d, err }
	}
	blocking := func(m *release.Manifest) { m.Blocked = []release.Digest{one} }
	for _, row := range []struct {
		name     string
		percent  float64
		host     trust.Host
		policy   func(*trust.Signed) *trust.Signed
		manifest func(*release.Manifest)
		want     error
	}{
		{name: "nobody", percent: 0, want: trust.ErrNotYet},
		{name: "everybody", percent: 100},
		{name: "slot reached", percent: 10, policy: func(s *trust.Signed) *trust.Signed { return s.Slot(9.9) }},
		{name: "slot not reached", percent: 10, policy: func(s *trust.Signed) *trust.Signed { return s.Slot(10) }, want: trust.ErrNotYet},
		{name: "first slot, nobody", percent: 0, policy: func(s *trust.Signed) *trust.Signed { return s.Slot(0) }, want: trust.ErrNotYet},
		{name: "every slot", percent: 0, policy: (*trust.Signed).EverySlot},
		{name: "urgent", percent: 0, manifest: func(m *release.Manifest) { m.Urgent = true }},
		{name: "runs what is blocked", percent: 0, manifest: blocking, host: trust.Host{Installed: installed(one, nil)}},
		{name: "runs something else", percent: 0, manifest: blocking, host: trust.Host{Installed: installed(two, nil)}, want: trust.ErrNotYet},
		{name: "runs nobody knows what", percent: 0, manifest: blocking, host: trust.Host{Installed: installed(one, broken)}, want: trust.ErrNotYet},
		{name: "the same, by its cause", percent: 0, manifest: blocking, host: trust.Host{Installed: installed(one, broken)}, want: broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := publisher(t)
			s := trust.Minisign(p.Release.Public()).For("app", "stable")
			if row.policy != nil {
				s = row.policy(s)
			}
			f := p.Publish("1.0.0", func(m *release.Manifest) {
				m.Rollout = &release.Rollout{Percent: row.percent, Seed: "s"}
				if row.manifest != nil {
					row.manifest(m)
				}
			})
			_, err := vouch(t, s.On(row.host), f)
			want(t, "Vouch", err, row.want)
			var notYet *trust.NotYetError
			if errors.Is(err, trust.ErrNotYet) && (!errors.As(err, &notYet) || notYet.Percent != row.percent || notYet.Slot < notYet.Percent) {
				t.Fatalf("%v: %+v", err, notYet)
			}
		})
	}
}

// TestRolloutOverHosts: as many hosts as the manifest says, and each for good.
func TestRolloutOverHosts(t *testing.T) {
	p := publisher(t)
	s := trust.Minisign(p.Release.Public()).For("app", "stable")
	const hosts = 400
	in := map[int]bool{}
	for _, percent := range []float64{10, 50, 100} {
		f := p.Publish("1.0.0", func(m *release.Manifest) { m.Rollout = &release.Rollout{Percent: percent, Seed: "1.0.0"} })
		n := 0
		for i := range hosts {
			_, err := vouch(t, s.On(trust.Host{MachineID: strconv.Itoa(i)}), f)
			if err != nil {
				want(t, "a host", err, trust.ErrNotYet)
				if in[i] {
					t.Fatalf("host %d is lost at %v %%", i, percent)
				}
				continue
			}
			in[i] = true
			n++
		}
		// Four standard deviations of a fair draw, plus one.
		if d := math.Abs(float64(n) - hosts*percent/100); d > 1+4*math.Sqrt(hosts*percent/100*(1-percent/100)) {
			t.Errorf("%v %% are %d hosts of %d", percent, n, hosts)
		}
	}
}

// TestRamp: the same manifest lets a host in when its time has come, and a
// host that is not in its turn has seen it all the same.
func TestRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publisher(t)
		old := p.Publish("1.0.0")
		f := p.Publish("1.1.0", func(m *release.Manifest) {
			m.Rollout = &release.Rollout{Percent: 100, Seed: "s", Ramp: &release.Ramp{Start: m.Issued, End: m.Issued.Add(100 * time.Hour)}}
		})
		s := trust.Minisign(p.Release.Public()).For("app", "stable").Slot(30)
		time.Sleep(30 * time.Hour)
		_, err := vouch(t, s, f)
		want(t, "after 30 h", err, trust.ErrNotYet)
		_, err = vouch(t, s, old)
		want(t, "the one before, meanwhile", err, trust.ErrReplay)
		time.Sleep(time.Hour)
		_, err = vouch(t, s, f)
		want(t, "after 31 h", err, nil)
	})
}

// TestMachine: a host that is told nothing has a slot of its own, always the
// same.
func TestMachine(t *testing.T) {
	p := publisher(t)
	s := trust.Minisign(p.Release.Public()).For("app", "stable")
	f := p.Publish("1.0.0", func(m *release.Manifest) { m.Rollout = &release.Rollout{Percent: 0, Seed: "s"} })
	slot := func(h trust.Host) float64 {
		_, err := vouch(t, s.On(h), f)
		var notYet *trust.NotYetError
		if !errors.As(err, &notYet) {
			t.Fatal(err)
		}
		return notYet.Slot
	}
	here := slot(trust.Host{})
	if here != slot(trust.Host{}) || here == slot(trust.Host{MachineID: "x"}) {
		t.Error("the slot of a host is not its own")
	}
	// docs/manifest.md has how it is made:
	// sha256("s\0" + hex(sha256("overseer rollout\0web-1"))).
	if got := strconv.FormatFloat(slot(trust.Host{MachineID: "web-1"}), 'f', 6, 64); got != "53.275537" {
		t.Errorf("the slot of web-1 is %s", got)
	}
}
