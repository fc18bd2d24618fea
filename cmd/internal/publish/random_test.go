package publish_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// However a publisher goes on, over channels, a reader sees seq grow with each
// manifest, one for all channels, never falling in any; and at the end all that
// is there is as it was signed.
func TestSeqGrows(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	f := newFixture(t)
	channels := []string{"stable", "beta", "edge"}
	highest := map[string]uint64{}
	var last, minor uint64
	version := func() string { minor++; return fmt.Sprintf("1.%d.0", minor) }
	for i := range 30 {
		channel := channels[r.IntN(len(channels))]
		var issued []publish.Issued
		var err error
		one := func(i publish.Issued, e error) { issued, err = []publish.Issued{i}, e }
		do := r.IntN(6)
		switch {
		case highest[channel] == 0 || do < 2:
			f.add(channel, version())
			one(f.Publish(t.Context(), channel, f.how()))
		case do == 2:
			one(f.Publish(t.Context(), channel, f.how()))
		case do == 3:
			one(f.Promote(t.Context(), publish.PromoteOptions{From: channel, To: channels[r.IntN(len(channels))]}, f.how()))
		case do == 4:
			one(f.Rollout(t.Context(), channel, publish.Stage{Percent: float64(r.IntN(101))}, nil, f.how()))
		case do == 5:
			issued, err = f.Yank(t.Context(), f.manifest(channel).Version, f.how())
		}
		if err != nil && do != 3 && !errors.Is(err, publish.ErrRefused) {
			t.Fatalf("step %d: %v", i, err)
		}
		for _, one := range issued {
			if one.Changed && one.Seq <= last {
				t.Fatalf("step %d: seq %d was issued after %d", i, one.Seq, last)
			}
			last = max(last, one.Seq)
		}
		for _, channel := range channels {
			if highest[channel] == 0 && !published(issued, channel) {
				continue
			}
			l, err := glance(t.Context(), f.dir, channel, f.key.Public())
			if err != nil || l.manifest.Seq < highest[channel] || l.manifest.Seq > last {
				t.Fatalf("step %d: a reader of %s sees seq %d after %d, issued were %d: %v", i, channel, l.manifest.Seq, highest[channel], last, err)
			}
			highest[channel] = l.manifest.Seq
		}
	}
	f.verify()
	_, err := f.Prune(t.Context(), 1, false)
	f.want(err)
	f.verify()
}

func published(all []publish.Issued, channel string) bool {
	for _, one := range all {
		if one.Changed && one.Channel == channel {
			return true
		}
	}
	return false
}
