package period_test

import (
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/period"
)

func TestParse(t *testing.T) {
	const day = 24 * time.Hour
	for _, row := range []struct {
		in   string
		want time.Duration // negative: an error
		text string
	}{
		{"90d", 90 * day, "90d"},
		{"2w", 14 * day, "14d"},
		{"1y", 365 * day, "365d"},
		{"36h", 36 * time.Hour, "36h0m0s"},
		{"48h", 48 * time.Hour, "2d"},
		{"0d", 0, "0d"},
		{"", -1, ""},
		{"d", -1, ""},
		{"-1d", -1, ""},
		{"-1h", -1, ""},
		{"1.5d", -1, ""},
		{"65535y", -1, ""},
		{"99999999y", -1, ""},
		{"ninety", -1, ""},
	} {
		got, err := period.Parse(row.in)
		if (err != nil) != (row.want < 0) || err == nil && (got.Duration() != row.want || got.String() != row.text) {
			t.Errorf("Parse(%q) = %v, %v; want %v", row.in, got, err, row.want)
			continue
		}
		var again period.Period
		if text, _ := got.MarshalText(); err == nil && (again.UnmarshalText(text) != nil || again != got) {
			t.Errorf("%q is written as %q and read as %v", row.in, text, again)
		}
	}
}
