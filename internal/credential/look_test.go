//go:build linux

package credential

import (
	"fmt"
	"os/user"
	"slices"
	"strings"
	"testing"
)

func TestLook(t *testing.T) {
	for _, c := range []struct {
		name, user, group string
		groups            []string
		want              string // UID, GID, groups; or part of an error
	}{
		{"number without account", "64999", "64998", nil, "64999 64998 []"},
		{"groups", "64999", "64998", []string{"7", "8"}, "64999 64998 [7 8]"},
		{"group by name", "64999", "root", nil, "64999 0 []"},
		{"leading zeros", "064999", "1", nil, "64999 1 []"},
		{"nothing", "", "", nil, "the user is missing"},
		{"no group", "64999", "", nil, "it has no group: name one"},
		{"unknown user", "no-such-user", "", nil, `look up user "no-such-user"`},
		{"unknown group", "64999", "no-such-group", nil, `look up group "no-such-group"`},
		{"unknown supplementary group", "64999", "1", []string{"no-such-group"}, `look up group "no-such-group"`},
		{"number that means none", "4294967295", "1", nil, "4294967295 is no number of a user"},
		{"number beyond all", "1", "99999999999", nil, "99999999999 is no number of a user"},
		{"negative number", "-1", "1", nil, `look up user "-1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Look(c.user, c.group, c.groups)
			text := fmt.Sprint(err)
			if err == nil {
				text = fmt.Sprint(got.UID, got.GID, got.Groups)
			}
			if err == nil && text != c.want || !strings.Contains(text, c.want) {
				t.Errorf("Look = %q, want %q", text, c.want)
			}
		})
	}
}

// TestLookAccount finds this process's own account, by name and by number.
func TestLookAccount(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Skipf("this process has no account: %v", err)
	}
	if _, err := user.LookupId(me.Uid); err != nil {
		t.Skipf("this process has no account: %v", err)
	}
	for _, by := range []string{me.Username, me.Uid} {
		got, err := Look(by, "", nil)
		must(t, err)
		if fmt.Sprint(got.UID) != me.Uid || fmt.Sprint(got.GID) != me.Gid || got.Home != me.HomeDir || got.Name != me.Username {
			t.Errorf("Look(%q) = %+v, want %+v", by, got, me)
		}
		if !slices.Contains(got.Groups, got.GID) {
			t.Errorf("Look(%q) has groups %v, want those of the account, %d among them", by, got.Groups, got.GID)
		}
		got, err = Look(by, "", []string{})
		if must(t, err); len(got.Groups) != 0 {
			t.Errorf("Look(%q) with no groups has %v", by, got.Groups)
		}
	}
}
