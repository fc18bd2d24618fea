package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/release"
)

// The seed is kept for one release, and another for the next.
func TestRolloutKeepsItsHosts(t *testing.T) {
	f := newFixture(t)
	f.add("stable", "1.0.0")
	_, err := f.Add(t.Context(), publish.AddOptions{Version: "1.0.0", Stage: &publish.Stage{Percent: 10}})
	f.want(err)
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	first := *f.manifest("stable").Rollout

	_, err = f.Rollout(t.Context(), "", publish.Stage{Percent: 25, Ramp: period.Period(24 * time.Hour)}, nil, f.how())
	f.want(err)
	second := *f.manifest("stable").Rollout
	if second.Seed != first.Seed || second.Ramp == nil || second.Ramp.From != 10 || second.Ramp.End.Sub(second.Ramp.Start) != 24*time.Hour {
		t.Errorf("the second stage is %+v after %+v", second, first)
	}
	end := f.now.Add(48 * time.Hour)
	reached := 0
	for i := range 1000 {
		machine := strings.Repeat("m", i)
		if first.Reaches(machine, end) && !second.Reaches(machine, end) {
			t.Fatalf("host %d was reached at 10 %% and is not at 25 %%", i)
		}
		if second.Reaches(machine, end) {
			reached++
		}
	}
	if reached < 200 || reached > 300 {
		t.Errorf("25 %% are %d of 1000 hosts", reached)
	}
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	if r := f.manifest("stable").Rollout; r == nil || *r.Ramp != *second.Ramp {
		t.Errorf("a manifest issued anew changed the rollout: %+v", r)
	}
	_, err = f.Rollout(t.Context(), "", publish.Stage{Percent: 100}, nil, f.how())
	f.want(err)
	if r := f.manifest("stable").Rollout; r != nil {
		t.Errorf("all hosts, and a rollout: %+v", r)
	}
	_, err = f.Rollout(t.Context(), "", publish.Stage{Percent: 50}, nil, f.how())
	f.want(err)
	if r := f.manifest("stable").Rollout; r.Seed != first.Seed || !f.said("stay upgraded") {
		t.Errorf("fewer hosts again: %+v, said %q", r, f.remarks)
	}
	f.add("stable", "1.1.0")
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	_, err = f.Rollout(t.Context(), "", publish.Stage{Percent: 50}, nil, f.how())
	f.want(err)
	if r := f.manifest("stable").Rollout; r.Seed == first.Seed {
		t.Error("the next release begins with the same hosts")
	}
}

func TestPromote(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	f.publish("beta", "1.1.0")
	f.publish("beta", "1.2.0")
	issued, err := f.Promote(t.Context(), publish.PromoteOptions{From: "beta", To: "stable", Stage: &publish.Stage{Percent: 5}}, f.how())
	f.want(err)
	m := f.manifest("stable")
	if issued.Seq != 4 || m.Version != "1.2.0" || m.Rollout.Percent != 5 {
		t.Errorf("promoted %+v, %+v", issued, m)
	}
	var from []release.Digest
	for _, d := range m.Artifacts[platform].Deltas {
		from = append(from, d.From)
	}
	if want := []release.Digest{digestOf(program("1.1.0")), digestOf(program("1.0.0"))}; !slices.Equal(from, want) {
		t.Errorf("deltas from %v; want those of both channels, %v", from, want)
	}
	f.verify()
	for _, o := range []publish.PromoteOptions{{From: "gamma", To: "stable"}, {From: "stable", To: "stable"}, {From: "stable", To: "keys"}} {
		if _, err := f.Promote(t.Context(), o, f.how()); err == nil {
			t.Errorf("promoted %+v", o)
		}
	}
	if _, err := f.Promote(t.Context(), publish.PromoteOptions{From: "stable", To: "new"}, f.how()); err != nil {
		t.Errorf("to a new channel: %v", err)
	}
}

func TestYank(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	f.publish("stable", "1.1.0")
	f.publish("stable", "1.2.0")
	f.publish("beta", "1.2.0")
	if _, err := f.Yank(t.Context(), "1.2.0", f.how()); !errors.Is(err, publish.ErrRefused) || f.manifest("stable").Version != "1.2.0" {
		t.Fatalf("beta has nothing to go back to, and: %v", err)
	}
	f.publish("beta", "1.3.0")

	all, err := f.Yank(t.Context(), "v1.2.0", f.how())
	f.want(err)
	m := f.manifest("stable")
	if len(all) != 2 || m.Version != "1.1.0" || m.Seq != 7 || !slices.Contains(m.Blocked, digestOf(program("1.2.0"))) || len(m.Yanked) != 1 {
		t.Errorf("yanked %+v; stable is %+v", all, m)
	}
	if b := f.manifest("beta"); b.Version != "1.3.0" || len(b.Yanked) != 1 || len(b.Blocked) != 1 {
		t.Errorf("beta is %+v", b)
	}
	f.verify()
	again, err := f.Yank(t.Context(), "1.2.0", f.how())
	if err != nil || again[0].Changed || again[1].Changed || f.manifest("stable").Seq != 7 {
		t.Errorf("yanked again: %+v, %v", again, err)
	}

	_, err = f.Yank(t.Context(), "1.1.0", f.how())
	f.want(err)
	if m := f.manifest("stable"); m.Version != "1.0.0" || len(m.Yanked) != 2 || len(m.Blocked) != 2 {
		t.Errorf("after the second: %+v", m)
	}
	if _, err := f.Add(t.Context(), publish.AddOptions{Version: "1.2.0"}); !errors.Is(err, publish.ErrRefused) {
		t.Errorf("a yanked version came back: %v", err)
	}
	if _, err := f.Add(t.Context(), publish.AddOptions{Version: "1.4.0", Inputs: []publish.Input{{Platform: platform, Path: f.file(program("1.2.0"))}}}); !errors.Is(err, publish.ErrRefused) {
		t.Errorf("a blocked program came back: %v", err)
	}
	if _, err := f.Yank(t.Context(), "9.9.9", f.how()); err == nil {
		t.Error("yanked what was never published")
	}
	f.publish("stable", "1.4.0")
	f.publish("gamma", "1.0.0")
	if m := f.manifest("gamma"); len(m.Blocked) != 2 || len(m.Yanked) != 2 {
		t.Errorf("a new channel forgets what was withdrawn: %+v", m)
	}
}

// A channel that goes back passes over releases whose program is blocked.
func TestYankPassesOverBlocked(t *testing.T) {
	f := newFixture(t)
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		f.publish("stable", v)
	}
	_, err := f.Block(t.Context(), []string{digestOf(program("1.1.0")).String()[:10]}, f.how())
	f.want(err)
	_, err = f.Yank(t.Context(), "1.2.0", f.how())
	f.want(err)
	if v := f.manifest("stable").Version; v != "1.0.0" {
		t.Errorf("it went back to %s, whose program is blocked", v)
	}
	f.verify()
}

func TestBlock(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	f.publish("stable", "1.1.0")
	elsewhere := digestOf([]byte("somebody's own build")).String()
	all, err := f.Block(t.Context(), []string{elsewhere, digestOf(program("1.0.0")).Short()}, f.how())
	if err != nil || len(all) != 1 || len(f.manifest("stable").Blocked) != 2 {
		t.Errorf("blocked %+v, %v", all, err)
	}
	all, err = f.Block(t.Context(), []string{elsewhere}, f.how())
	if err != nil || all[0].Changed {
		t.Errorf("blocked again: %+v, %v", all, err)
	}
	for _, row := range []struct {
		digest, text string
		want         error
	}{
		{digestOf(program("1.1.0")).String(), "yank that version", publish.ErrRefused},
		{"0123456789", "no program", nil},
		{"01", "no program", nil},
	} {
		if _, err := f.Block(t.Context(), []string{row.digest}, f.how()); err == nil || !strings.Contains(err.Error(), row.text) || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("block %s: %v; want %q", row.digest, err, row.text)
		}
	}
	f.verify()
}

// k of n: the second signature is added later, to the same bytes.
func TestSign(t *testing.T) {
	f := newFixture(t)
	second := newKey(t)
	_, err := publish.Init(t.Context(), f.dir, publish.InitOptions{Keys: []keys.Public{second.Public()}, Threshold: 2}, publish.Options{})
	f.want(err)
	if issued := f.publish("stable", "1.0.0"); issued.Missing != 1 || !f.said("more signature") {
		t.Errorf("one of two keys signed: %+v, %q", issued, f.remarks)
	}
	if report := f.report(); report.OK {
		t.Error("it verifies with one of two signatures")
	}
	if _, err := f.Sign(t.Context(), "", []keys.Secret{newKey(t)}); !errors.Is(err, publish.ErrKey) {
		t.Errorf("signed by a stranger: %v", err)
	}
	before := f.manifest("stable")
	for i, changed := range []bool{true, false} {
		issued, err := f.Sign(t.Context(), "", []keys.Secret{second, second, f.key})
		if err != nil || issued.Missing != 0 || issued.Changed != changed || issued.Seq != before.Seq {
			t.Errorf("call %d: %+v, %v", i, issued, err)
		}
	}
	f.verify()
	by, err := os.ReadFile(filepath.Join(f.dir, "stable.json.minisig"))
	if err != nil || strings.Count(string(by), "trusted comment: app") != 2 {
		t.Errorf("the copy for minisign has %q, %v", by, err)
	}
}

func TestPrune(t *testing.T) {
	f := newFixture(t)
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		f.publish("stable", v)
		_, err := f.Publish(t.Context(), "", f.how())
		f.want(err)
	}
	f.publish("beta", "1.0.0")
	f.add("stable", "1.4.0")
	dry, err := f.Prune(t.Context(), 2, true)
	f.want(err)
	f.verify()
	p, err := f.Prune(t.Context(), 2, false)
	f.want(err)
	if !slices.Equal(p.Files, dry.Files) || len(p.Files) != 4+4+1+1 || p.Bytes != dry.Bytes {
		t.Errorf("pruned %q; dry %q", p.Files, dry.Files) // 4 manifests, their signatures, the delta from 1.0.0 to 1.1.0, 1.1.0
	}
	if _, err := os.Stat(filepath.Join(f.dir, "programs", digestOf(program("1.0.0")).String()+".zst")); err != nil {
		t.Errorf("beta needs 1.0.0: %v", err)
	}
	f.verify()
	if again, err := f.Prune(t.Context(), 2, false); err != nil || len(again.Files) != 0 {
		t.Errorf("pruned again: %+v, %v", again, err)
	}
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	if m := f.manifest("stable"); m.Version != "1.4.0" || m.Seq != 10 {
		t.Errorf("after that seq %d of %s was published", m.Seq, m.Version)
	}
	f.verify()
}

func TestDiscard(t *testing.T) {
	f := newFixture(t)
	f.add("stable", "1.0.0")
	for _, want := range []bool{true, false} {
		if was, err := f.Discard(t.Context(), ""); err != nil || was != want {
			t.Errorf("discarded %v, %v; want %v", was, err, want)
		}
	}
	f.publish("stable", "0.9.0")
}
