package release_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
)

func TestURLs(t *testing.T) {
	for _, row := range []struct {
		name     string
		urls     []string
		relative bool
		ok       bool
	}{
		{"below", []string{"programs/app.zst"}, true, true},
		{"name with dots", []string{"a..b/...c"}, true, true},
		{"web", []string{"https://example.com/a/b?sig=%2F"}, false, true},
		{"plain web", []string{"http://127.0.0.1:8080/app"}, false, true},
		{"mirror that has the whole URL in its path", []string{"https://mirror.example/https://example.com/app"}, false, true},
		{"none", nil, false, false},
		{"empty", []string{""}, false, false},
		{"the folder itself", []string{"."}, false, false},
		{"twice", []string{"a", "a"}, true, false},
		{"too many", slices.Collect(func(yield func(string) bool) {
			for i := range 17 {
				if !yield(strings.Repeat("a", i+1)) {
					return
				}
			}
		}), true, false},
		{"too long", []string{strings.Repeat("a", 2049)}, false, false},
		{"above", []string{"../app"}, false, false},
		{"above in the middle", []string{"a/../../app"}, false, false},
		{"absolute", []string{"/etc/passwd"}, false, false},
		{"another host", []string{"//host/app"}, false, false},
		{"hole", []string{"a//b"}, false, false},
		{"backslash", []string{`a\..\b`}, false, false},
		{"escaped", []string{"%2e%2e/app"}, false, false},
		{"query", []string{"app?x"}, false, false},
		{"look-alike of dots", []string{"．．/app"}, false, false},
		{"blank", []string{"a b"}, false, false},
		{"NUL", []string{"a\x00b"}, false, false},
		{"end of a line", []string{"a\nb"}, false, false},
		{"file", []string{"file:///etc/passwd"}, false, false},
		{"other scheme", []string{"ftp://host/app"}, false, false},
		{"no scheme's rest", []string{"http:app"}, false, false},
		{"web above", []string{"http://a/../b"}, false, false},
		{"web above, escaped", []string{"http://a/%2e%2e/b"}, false, false},
		{"web above, escaped slash", []string{"http://a/x%2f..%2fb"}, false, false},
		{"web above, backslash", []string{`http://a/..%5cb`}, false, false},
		{"web backslash", []string{`http://a\@b/`}, false, false},
		{"web with user", []string{"https://user:word@host/app"}, false, false},
		{"web without host", []string{"https:///app"}, false, false},
		{"web with a port alone", []string{"https://:443/app"}, false, false},
		{"web with a look-alike", []string{"https://exаmple.com/app"}, false, false},
		{"web with a fragment", []string{"https://host/app#part"}, false, false},
		{"web with a blank", []string{"https://host/a b"}, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := good()
			a := m.Artifacts["linux/amd64"]
			a.URLs = row.urls
			m.Artifacts["linux/amd64"] = a
			err := m.Check()
			if ok := err == nil; ok != row.ok || !ok && !errors.Is(err, release.ErrFormat) {
				t.Errorf("%.60q: Check = %v; want it right: %t", row.urls, err, row.ok)
			}
			if len(row.urls) > 0 && release.IsRelative(row.urls[0]) != row.relative {
				t.Errorf("IsRelative(%.60q) = %t", row.urls[0], !row.relative)
			}
		})
	}
}
