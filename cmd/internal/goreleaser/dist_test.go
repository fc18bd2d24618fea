package goreleaser_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/goreleaser"
)

// What goreleaser 2 writes, cut to the members that are read and some more.
const list = `[
 {"name":"metadata.json","path":"dist/metadata.json","internal_type":30,"type":"Metadata"},
 {"name":"app","path":"dist/app_linux_amd64_v3/app","goos":"linux","goarch":"amd64","goamd64":"v3","target":"linux_amd64_v3","internal_type":4,"type":"Binary","extra":{"Binary":"app","Builder":"go","Ext":"","ID":"app"}},
 {"name":"app","path":"dist/app_linux_amd64_v1/app","goos":"linux","goarch":"amd64","goamd64":"v1","target":"linux_amd64_v1","internal_type":4,"type":"Binary","extra":{"Binary":"app","Builder":"go","Ext":"","ID":"app"}},
 {"name":"app","path":"dist/app_darwin_all/app","goos":"darwin","goarch":"all","target":"darwin_all","type":"Universal Binary","extra":{"Binary":"app","ID":"app","Replaces":false}},
 {"name":"app","path":"dist/app_darwin_arm64_v8.0/app","goos":"darwin","goarch":"arm64","target":"darwin_arm64_v8.0","type":"Binary","extra":{"Binary":"app","ID":"app"}},
 {"name":"app.exe","path":"dist/app_windows_amd64_v1/app.exe","goos":"windows","goarch":"amd64","target":"windows_amd64_v1","type":"Binary","extra":{"Binary":"app","Ext":".exe","ID":"app"}},
 {"name":"tool","path":"dist/tool_linux_amd64_v1/tool","goos":"linux","goarch":"amd64","target":"linux_amd64_v1","type":"Binary","extra":{"Binary":"tool","ID":"tool"}},
 {"name":"app_1.2.3_linux_amd64.tar.gz","path":"dist/app_1.2.3_linux_amd64.tar.gz","goos":"linux","goarch":"amd64","type":"Archive","extra":{"Binaries":["app"]}}
]`

func dist(t *testing.T, list string) string {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"app_linux_amd64_v1/app", "app_linux_amd64_v3/app", "app_darwin_all/app", "app_darwin_arm64_v8.0/app", "app_windows_amd64_v1/app.exe", "tool_linux_amd64_v1/tool"} {
		write("dist/"+name, name)
	}
	write("dist/artifacts.json", list)
	write("dist/metadata.json", `{"project_name":"app","tag":"v1.2.3","version":"1.2.3"}`)
	return filepath.Join(root, "dist")
}

func TestPrograms(t *testing.T) {
	d := dist(t, list)
	got, err := goreleaser.Programs(d, "app")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, p := range got {
		rel, _ := filepath.Rel(d, p.Path)
		text.WriteString(p.Platform + " " + filepath.ToSlash(rel) + "\n")
	}
	const want = "darwin/amd64 app_darwin_all/app\ndarwin/arm64 app_darwin_arm64_v8.0/app\nlinux/amd64 app_linux_amd64_v1/app\nwindows/amd64 app_windows_amd64_v1/app.exe\n"
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
	if v, err := goreleaser.Version(d); v != "1.2.3" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
}

func TestNoPrograms(t *testing.T) {
	for _, row := range []struct{ name, list, binary, text string }{
		{"several", list, "", "--binary"},
		{"another name", list, "other", `no program "other"`},
		{"no list", "", "", "artifacts.json"},
		{"no build", "[]", "", "lists no program"},
		{"a program that is gone", `[{"name":"gone","path":"dist/gone","goos":"linux","goarch":"amd64","type":"Binary"}]`, "", "not there"},
	} {
		if _, err := goreleaser.Programs(dist(t, row.list), row.binary); err == nil || !strings.Contains(err.Error(), row.text) {
			t.Errorf("%s: %v; want %q", row.name, err, row.text)
		}
	}
	if v, err := goreleaser.Version(t.TempDir()); v != "" || err != nil {
		t.Errorf("no metadata: %q, %v", v, err)
	}
}
