package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

func TestFirstRelease(t *testing.T) {
	f := newFixture(t)
	issued := f.publish("stable", "1.0.0")
	if issued.Seq != 1 || issued.Missing != 0 || !issued.Expires.Equal(issued.Issued.Add(90*24*time.Hour)) {
		t.Errorf("published %+v; want seq 1 for 90 days", issued)
	}
	m := f.manifest("stable")
	if m.Product != "app" || len(m.Artifacts) != 1 || m.Artifacts[platform].Digest != digestOf(program("1.0.0")) || m.Rollout != nil {
		t.Errorf("the manifest is %+v", m)
	}
	if left, err := os.ReadDir(filepath.Join(f.dir, ".draft")); err != nil || len(left) != 0 {
		t.Errorf("the draft is still there: %v, %v", left, err)
	}
	f.verify()
}

// Deltas lead from the last programs of the channel, and are small.
func TestDeltas(t *testing.T) {
	f := newFixture(t)
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		f.publish("stable", v)
	}
	deltas := f.manifest("stable").Artifacts[platform].Deltas
	if len(deltas) != 2 || deltas[0].From != digestOf(program("1.2.0")) || deltas[1].From != digestOf(program("1.1.0")) {
		t.Fatalf("the deltas are %+v; want those from 1.2.0 and 1.1.0", deltas)
	}
	for _, d := range deltas {
		if d.Size > 1000 {
			t.Errorf("a delta of a few bytes has %d", d.Size)
		}
	}
	f.verify()
}

// A delta that saves too little is left out, and that is said.
func TestUselessDelta(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	other := make([]byte, 4<<10) // packs to almost nothing
	_, err := f.Add(t.Context(), publish.AddOptions{Channel: "stable", Version: "1.1.0", Inputs: []publish.Input{{Platform: platform, Path: f.file(other)}}})
	f.want(err)
	if !f.said("left out") {
		t.Errorf("nothing is said of the delta: %q", f.remarks)
	}
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	if deltas := f.manifest("stable").Artifacts[platform].Deltas; len(deltas) != 0 {
		t.Errorf("deltas %+v; want none", deltas)
	}
}

// Several calls of Add make one release.
func TestAddAgain(t *testing.T) {
	f := newFixture(t)
	notes, urgent := "fixes", true
	_, err := f.Add(t.Context(), publish.AddOptions{Version: "1.0.0", Notes: &notes, Urgent: &urgent, Inputs: []publish.Input{{Platform: "linux/arm64", Path: f.file([]byte("arm"))}}})
	f.want(err)
	f.add("stable", "1.0.0")
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	if m := f.manifest("stable"); len(m.Artifacts) != 2 || m.Notes != notes || !m.Urgent {
		t.Errorf("the manifest is %+v; want two platforms, the notes, urgent", m)
	}
	f.publish("stable", "1.1.0")
	if !f.said("linux/arm64 was in 1.0.0") {
		t.Errorf("nothing is said of the platform that is gone: %q", f.remarks)
	}
}

func TestReissue(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	f.now = f.now.Add(80 * 24 * time.Hour)
	how := f.how()
	how.Expires, how.MinSeq = period.Period(24*time.Hour), 1
	issued, err := f.Publish(t.Context(), "", how)
	f.want(err)
	m := f.manifest("stable")
	if issued.Seq != 2 || issued.Version != "1.0.0" || !m.Expires.Equal(m.Issued.Add(24*time.Hour)) || m.MinSeq != 1 || !f.said("issued anew") {
		t.Errorf("issued %+v, said %q", issued, f.remarks)
	}
	if _, err = f.Publish(t.Context(), "", f.how()); err != nil || f.manifest("stable").MinSeq != 1 {
		t.Errorf("min seq is forgotten: %+v, %v", f.manifest("stable"), err)
	}
	f.verify()
}

// What hosts would refuse is refused here.
func TestRefused(t *testing.T) {
	stage := func(f *fixture, version string, data []byte) error {
		_, err := f.Add(t.Context(), publish.AddOptions{Version: version, Inputs: []publish.Input{{Platform: platform, Path: f.file(data)}}})
		return err
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		do   func(f *fixture) error
		want error
		text string
	}{
		{"a lower version", func(f *fixture) error { return stage(f, "0.9.0", program("0.9.0")) }, publish.ErrRefused, "hosts do not go back"},
		{"no version", func(f *fixture) error { return stage(f, "latest", program("x")) }, nil, "want a semantic version"},
		{"an empty program", func(f *fixture) error { return stage(f, "2.0.0", nil) }, nil, "is empty"},
		{"another platform", func(f *fixture) error {
			_, err := f.Add(t.Context(), publish.AddOptions{Version: "2.0.0", Inputs: []publish.Input{{Platform: "plan9/arm", Path: self}}})
			return err
		}, publish.ErrRefused, "not plan9/arm"},
		{"no platform", func(f *fixture) error {
			_, err := f.Add(t.Context(), publish.AddOptions{Version: "2.0.0", Inputs: []publish.Input{{Path: f.file([]byte("#!/bin/sh"))}}})
			return err
		}, nil, "say PLATFORM="},
		{"a platform twice", func(f *fixture) error {
			_, err := f.Add(t.Context(), publish.AddOptions{Version: "2.0.0", Inputs: []publish.Input{{platform, f.file([]byte("a"))}, {platform, f.file([]byte("b"))}}})
			return err
		}, nil, "are both for linux/amd64"},
		{"a draft of another version", func(f *fixture) error {
			f.add("stable", "2.0.0")
			return stage(f, "2.1.0", program("2.1.0"))
		}, nil, "publish or discard it first"},
		{"a key that does not count", func(f *fixture) error {
			f.key = newKey(t)
			_, err := f.Publish(t.Context(), "", f.how())
			return err
		}, publish.ErrKey, "init DIR --pub"},
		{"no key", func(f *fixture) error { _, err := f.Publish(t.Context(), "", publish.How{}); return err }, nil, "no key"},
		{"a clock that was set back", func(f *fixture) error {
			f.now = f.now.Add(-time.Hour)
			_, err := f.Publish(t.Context(), "", f.how())
			return err
		}, nil, "set the clock right"},
		{"the channel keys", func(f *fixture) error {
			_, err := f.Add(t.Context(), publish.AddOptions{Channel: "keys", Version: "2.0.0"})
			return err
		}, nil, "would be the key list"},
		{"a channel with a slash", func(f *fixture) error {
			_, err := f.Add(t.Context(), publish.AddOptions{Channel: "a/b", Version: "2.0.0"})
			return err
		}, nil, "lower-case letters"},
		{"a channel without a release", func(f *fixture) error { _, err := f.Publish(t.Context(), "beta", f.how()); return err }, nil, "add a release first"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			f.publish("stable", "1.0.0")
			before := f.manifest("stable")
			err := row.do(f)
			if err == nil || !strings.Contains(err.Error(), row.text) || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("got %v; want %v with %q", err, row.want, row.text)
			}
			if now := f.manifest("stable"); now.Seq != before.Seq {
				t.Errorf("it published seq %d all the same", now.Seq)
			}
		})
	}
}

// The first keys of a directory without any become its own.
func TestFirstKey(t *testing.T) {
	f := newFixture(t)
	dir := t.TempDir()
	_, err := publish.Init(t.Context(), dir, publish.InitOptions{Product: "other"}, publish.Options{})
	f.want(err)
	f.dir = dir
	f.open(publish.Options{})
	f.add("stable", "1.0.0")
	for _, threshold := range []int{2, 1} {
		_, err = publish.Init(t.Context(), dir, publish.InitOptions{Threshold: threshold}, publish.Options{})
		f.want(err)
		if _, err = f.Publish(t.Context(), "", f.how()); errors.Is(err, publish.ErrKey) != (threshold == 2) {
			t.Errorf("threshold %d of the first key: %v", threshold, err)
		}
	}
	about, err := f.About()
	if err != nil || len(about.Keys) != 1 || about.Keys[0] != f.key.Public().String() || !f.said("trust.Minisign") {
		t.Errorf("the directory trusts %v, %v; said %q", about.Keys, err, f.remarks)
	}
}

func TestInit(t *testing.T) {
	dir := t.TempDir()
	if _, err := publish.Open(dir, publish.Options{}); !errors.Is(err, publish.ErrNoDirectory) {
		t.Errorf("opened what was never begun: %v", err)
	}
	none := 0
	for _, row := range []struct {
		name string
		o    publish.InitOptions
		text string
	}{
		{"no product", publish.InitOptions{}, "name the product"},
		{"a bad product", publish.InitOptions{Product: "My App"}, "lower-case"},
		{"begun", publish.InitOptions{Product: "app", Deltas: &none}, ""},
		{"changed", publish.InitOptions{Expires: period.Period(time.Hour)}, ""},
		{"another product", publish.InitOptions{Product: "other"}, "product \"app\""},
	} {
		s, err := publish.Init(t.Context(), dir, row.o, publish.Options{})
		if row.text == "" && err != nil || row.text != "" && (err == nil || !strings.Contains(err.Error(), row.text)) {
			t.Errorf("%s: %v; want %q", row.name, err, row.text)
		}
		if row.name == "changed" && (s.Deltas != 0 || s.Product != "app" || s.Expires != period.Period(time.Hour)) {
			t.Errorf("the settings are %+v", s)
		}
	}
}
