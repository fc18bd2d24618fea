package admin_test

import (
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

func TestTraceOf(t *testing.T) {
	for _, c := range []struct{ name, header, want string }{
		{"a right one", trace, trace},
		{"none", "", ""},
		{"of another version", "01" + trace[2:], ""},
		{"with more behind it", trace + "-00", ""},
		{"too short", trace[:54], ""},
		{"in capitals", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", ""},
		{"of no trace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""},
		{"of no parent", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", ""},
	} {
		if got := admin.TraceOf(c.header); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := admin.TraceOf(trace, trace); got != "" {
		t.Errorf("two: got %q, want none", got)
	}
}
