//go:build unix

package overseer

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-3d078585/overseer/fetcher"
)

func TestAdminToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for _, row := range []struct {
		name, text, want string
		fails            bool
	}{
		{"a word", "sesame", "sesame", false},
		{"a line", "sesame\n", "sesame", false},
		{"empty", "", "", true},
		{"a blank line", "\n", "", true},
		{"two words", "open sesame", "", true},
		{"too long", strings.Repeat("x", maxToken+1), "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Admin{TokenFile: path}.token()
			if got != row.want || row.fails != (err != nil) {
				t.Errorf("%q, %v, want %q", got, err, row.want)
			}
		})
	}
	if _, err := (Admin{TokenFile: path + ".absent"}).token(); err == nil {
		t.Error("a file that is not there is no error")
	}
	if got, err := (Admin{Token: "given"}).token(); got != "given" || err != nil {
		t.Errorf("%q, %v, want what was given", got, err)
	}
}

// An operator's level overrules that of any handler, and keeps attributes and
// groups.
func TestLevelCanBeSet(t *testing.T) {
	var out bytes.Buffer
	level := new(levelSwitch)
	log := slog.New(leveled{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}), level}).With("a", 1).WithGroup("g")
	log.Info("quiet")
	level.Set(slog.LevelDebug)
	log.Debug("loud", "b", 2)
	if !strings.Contains(out.String(), "msg=loud a=1 g.b=2") || strings.Contains(out.String(), "quiet") {
		t.Errorf("the log has %q", out.String())
	}
	if got := (logLevelOf{log, level}).Name(); got != "debug" {
		t.Errorf("the level is %q, want debug", got)
	}
	level.restore("error")
	if log.Enabled(context.Background(), slog.LevelWarn) {
		t.Error("a level that was handed on does not count")
	}
	level.restore("nonsense")
	if got := (logLevelOf{log, level}).Name(); got != "error" {
		t.Errorf("the level is %q, want error", got)
	}
}

func TestSourceNameHasNoSecret(t *testing.T) {
	for _, row := range []struct {
		source fetcher.Interface
		want   string
	}{
		{nil, ""},
		{&fetcher.HTTP{URL: "https://user:secret@example.com/app?key=secret#secret"}, "https://example.com/app"},
		{&fetcher.Manifest{URL: "/srv/releases/stable.json"}, "/srv/releases/stable.json"},
		{&fetcher.Github{User: "u", Repo: "r", Token: "secret"}, "github.com/u/r"},
		{&fetcher.File{Path: "/srv/next"}, "/srv/next"},
		{fetcher.Func(nil), "fetcher.function"},
		{&fetcher.HTTP{URL: "https://ex ample.com:secret/%zz"}, "a URL that cannot be read"},
	} {
		if got := (settled{Config: Config{Fetcher: row.source}}).sourceName(); got != row.want {
			t.Errorf("%T: %q, want %q", row.source, got, row.want)
		}
	}
}

// What a release has said before it failed is in the log, and may be anything:
// neither a line of its own nor a word to a terminal comes of it.
func TestLogCannotBeForged(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stderr := os.Stderr
	os.Stderr = w
	log := newLogger(Config{})
	os.Stderr = stderr
	log.Warn("rolled back", "reason", "x\n level=ERROR msg=forged\x1b]0;title\a\u202e\r\u009b2J\x00\xff")
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.TrimSuffix(string(text), "\n"); strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("the log has %q", line)
	}
}
