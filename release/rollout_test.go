package release_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// TestSlots holds the slots of some machines for ever: hosts of different
// versions of this package must agree on them.
func TestSlots(t *testing.T) {
	for _, row := range []struct{ seed, id, want string }{
		{"1.2.3", "web-1", "0.329249813679"},
		{"1.2.3", "web-2", "82.028077627128"},
		{"1.2.4", "web-1", "27.972369701511"},
		{"s", "", "15.874998765494"},
	} {
		if got := fmt.Sprintf("%.12f", (release.Rollout{Seed: row.seed}).Slot(row.id)); got != row.want {
			t.Errorf("slot of %q by seed %q: %s, want %s", row.id, row.seed, got, row.want)
		}
	}
}

// TestSlotsAreEven counts the slots of 10,000 machines in 100 equal parts. The
// chi-square of 99 degrees is above 148.2 once in 1,000 fair draws; the draw is
// always the same, so the test does not waver.
func TestSlotsAreEven(t *testing.T) {
	const machines, parts = 10_000, 100
	for _, seed := range []string{"1.2.3", "another", "x"} {
		r := release.Rollout{Seed: seed}
		var count [parts]int
		for i := range machines {
			count[int(r.Slot("machine-"+strconv.Itoa(i)))]++
		}
		chi := 0.0
		for _, n := range count {
			chi += math.Pow(float64(n)-machines/parts, 2) / (machines / parts)
		}
		if chi > 148.2 {
			t.Errorf("seed %q: chi-square %.1f over %d parts: %v", seed, chi, parts, count)
		}
	}
}

// TestRolloutGrows: who is reached at a percentage is reached at all higher
// ones, about as many are reached as it says, and another seed reaches others.
func TestRolloutGrows(t *testing.T) {
	const machines = 10_000
	now := good().Issued
	reached := map[string]bool{}
	for percent := 0; percent <= 100; percent += 5 {
		r := release.Rollout{Percent: float64(percent), Seed: "1.2.3"}
		n := 0
		for i := range machines {
			id := strconv.Itoa(i)
			in := r.Reaches(id, now)
			if reached[id] && !in {
				t.Fatalf("machine %s is lost at %d %%", id, percent)
			}
			reached[id] = in
			if in {
				n++
			}
		}
		if got := float64(n) / machines * 100; math.Abs(got-float64(percent)) > 1.5 {
			t.Errorf("%d %% reach %.2f %% of the machines", percent, got)
		}
		if percent == 0 && n != 0 || percent == 100 && n != machines {
			t.Errorf("%d %% reach %d of %d", percent, n, machines)
		}
	}
	both := 0
	for i := range machines {
		id := strconv.Itoa(i)
		if (release.Rollout{Percent: 10, Seed: "a"}).Reaches(id, now) && (release.Rollout{Percent: 10, Seed: "b"}).Reaches(id, now) {
			both++
		}
	}
	if both < 50 || both > 150 { // 1 % of 10,000
		t.Errorf("10 %% by two seeds share %d of %d machines, want about 100", both, machines)
	}
}

func TestRamp(t *testing.T) {
	start := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	r := release.Rollout{Percent: 50, Seed: "s", Ramp: &release.Ramp{From: 10, Start: start, End: start.Add(40 * time.Hour)}}
	for _, row := range []struct {
		after time.Duration
		want  float64
	}{
		{-time.Nanosecond, 0}, {0, 10}, {time.Hour, 11}, {20 * time.Hour, 30}, {40*time.Hour - 1, 50}, {40 * time.Hour, 50}, {9000 * time.Hour, 50},
	} {
		if got := r.At(start.Add(row.after)); math.Abs(got-row.want) > 1e-9 || got > r.Percent {
			t.Errorf("%v after the start: %v %%, want %v", row.after, got, row.want)
		}
	}
	last := 0.0
	for d := -time.Hour; d < 41*time.Hour; d += 7 * time.Minute {
		at := r.At(start.Add(d))
		if at < last {
			t.Fatalf("%v after the start it falls from %v to %v", d, last, at)
		}
		last = at
	}
	if (release.Rollout{Percent: 25}).At(start) != 25 {
		t.Error("without a ramp the percentage changes")
	}
}
