package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// axeVersion is the release of axe-core that the page is checked with.
const axeVersion = "4.14.1"

// axe returns the script of axe-core: the file that AXE_CORE names, or that of the
// cache, which npm fills.
func axe(t *testing.T) string {
	t.Helper()
	needBrowser(t)
	missing := func(err error) {
		t.Helper()
		hint := fmt.Sprintf("no axe-core %s: install Debian's package npm, or set AXE_CORE to the path of axe.min.js: %v", axeVersion, err)
		if os.Getenv("CI") == "true" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	path := os.Getenv("AXE_CORE")
	if path == "" {
		var err error
		if path, err = fetchAxe(t.Context()); err != nil {
			missing(err)
		}
	}
	script, err := os.ReadFile(path)
	if err != nil {
		missing(err)
	}
	return string(script)
}

// fetchAxe has npm download and unpack the package, once for each user.
func fetchAxe(ctx context.Context) (path string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // HOME may be unset
	}
	dir := filepath.Join(cache, "overseer-e2e", "axe-core-"+axeVersion)
	path = filepath.Join(dir, "package", "axe.min.js")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "new")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"npm", "pack", "--silent", "axe-core@" + axeVersion}, {"tar", "-xzf", "axe-core-" + axeVersion + ".tgz"}} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir = fresh
		cmd.WaitDelay = 5 * time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	os.RemoveAll(dir) // one that is not whole
	if err := os.Rename(fresh, dir); err != nil {
		return "", err
	}
	return path, nil
}

// TestAccessible has axe-core find nothing, in each look of the page.
func TestAccessible(t *testing.T) {
	script := axe(t)
	dark := desktop
	dark.dark = true
	darkPhone := phone
	darkPhone.dark = true
	unfold := func(b *tab, s *station) {
		eval[bool](b, "document.querySelectorAll('details:not([hidden])').forEach(d => d.open = true) ?? true")
		b.until("document.querySelector('#chart-rows table') !== null")
	}
	for _, c := range []struct {
		name string
		on   screen
		do   func(b *tab, s *station)
	}{
		{name: "light", on: desktop, do: unfold},
		{name: "dark", on: dark, do: unfold},
		{name: "phone", on: phone, do: unfold},
		{name: "phone, dark", on: darkPhone, do: unfold},
		{name: "dialog", on: desktop, do: func(b *tab, s *station) { b.click("#order-standby") }},
		{name: "dialog, dark phone", on: darkPhone, do: func(b *tab, s *station) { b.click("#order-standby") }},
		{name: "keys", on: dark, do: func(b *tab, s *station) { b.letter("?") }},
		{name: "reconnecting", on: desktop, do: func(b *tab, s *station) {
			b.allowFailures()
			s.stop()
			b.untilText("#link", "reconnecting")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := quiet()
			onTrial(m)
			m.ChangeStatus(func(s *admin.Status) {
				s.Hold = &admin.Hold{Since: time.Now(), Actor: "olga", Reason: "the fair is today"}
			})
			s := serve(t, m)
			b := s.page(c.on)
			b.until("document.querySelectorAll('path.line').length === 3")
			if c.do != nil {
				c.do(b, s)
			}
			b.check(script)
		})
	}
	t.Run("locked", func(t *testing.T) {
		b := openRefused(t, serve(t, quiet()).url(), desktop)
		b.untilText("#locked", "This page needs a token")
		b.check(script)
	})
	t.Run("down", func(t *testing.T) {
		m := quiet()
		down(m)
		b := serve(t, m).page(dark)
		b.untilText("#condition", "Down")
		b.check(script)
	})
}

// check runs axe-core with all its rules. It comes in by the debugger, which the
// content security policy does not bind.
func (b *tab) check(script string) {
	b.t.Helper()
	eval[bool](b, script+";true")
	found := eval[string](b, `axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(v => ({
		rule: v.id, help: v.help, nodes: v.nodes.slice(0, 6).map(n => n.html.slice(0, 200) + ' ' + n.any.concat(n.all, n.none).map(c => c.message).join('; '))}))))`)
	var violations []struct {
		Rule, Help string
		Nodes      []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: %s\n\t%s", v.Rule, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}
