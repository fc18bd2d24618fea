//go:build unix

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A bench is a directory in which the real command is run.
type bench struct {
	t   *testing.T
	dir string
	env []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	b.release(0, "keygen --no-password -o release.key")
	b.release(0, "init DIR --product app --pub release.pub")
	return b
}

// release runs overseer release, with DIR for the release directory, and returns
// what it wrote.
func (b *bench) release(code int, line string, more ...string) (stdout, stderr string) {
	b.t.Helper()
	args := append([]string{"release"}, strings.Fields(line)...)
	args = append(args, more...)
	c, _ := child(b.t, args...)
	c.Dir = b.dir
	c.Env = append(c.Env, b.env...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.Run() // the code says it
	if got := c.ProcessState.ExitCode(); got != code {
		b.t.Fatalf("overseer release %s: code %d, want %d\n%s%s", line, got, code, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// program writes one for linux/arm64.
func (b *bench) program(name, version string) {
	b.t.Helper()
	b.programFor(machineARM64, name, version)
}

// Machines as the header of ELF has them: elf(5).
const (
	machineAMD64 = 62
	machineARM64 = 183
)

// programFor writes a header, and what is the same in each version but for the
// end.
func (b *bench) programFor(machine uint16, name, version string) {
	b.t.Helper()
	header := make([]byte, 64)
	copy(header, []byte{0x7f, 'E', 'L', 'F', 2, 1, 1})
	binary.LittleEndian.PutUint16(header[16:], 2)
	binary.LittleEndian.PutUint16(header[18:], machine)
	binary.LittleEndian.PutUint32(header[20:], 1)
	binary.LittleEndian.PutUint16(header[52:], 64)
	body := make([]byte, 100<<10)
	rand.NewChaCha8([32]byte{2}).Read(body)
	data := append(append(header, body...), fmt.Sprintf("version %s for %d", version, machine)...)
	if err := os.WriteFile(filepath.Join(b.dir, name), data, 0o755); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) publish(version, flags string) {
	b.t.Helper()
	b.program("app", version)
	b.release(0, "add DIR app --version "+version+" "+flags)
	b.release(0, "publish DIR --key release.key")
}

// The way of a person: each line is run by the real command, its code and what
// it says are as written.
func TestRelease(t *testing.T) {
	b := newBench(t)
	b.program("app", "1.0.0")
	b.program("app2", "1.1.0")
	if err := os.WriteFile(filepath.Join(b.dir, "notes.md"), []byte("faster\nand safer\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.release(0, "keygen --no-password -o second.key")
	for _, row := range []struct {
		line string
		code int
		want string // of what it writes, on either stream
	}{
		{"keygen --no-password -o release.key", 1, "a key is never overwritten"},
		{"show DIR", 0, "nothing was published yet"},
		{"publish DIR --key release.key", 1, "add a release first"},
		{"add DIR --version 1.0.0 app", 0, "linux/arm64"},
		{"add DIR --version 1.0.0 linux/amd64=app", 1, "is a program for linux/arm64"},
		{"show DIR", 0, "draft      1.0.0"},
		{"publish DIR", 2, "by --key"},
		{"publish DIR --key none.key", 1, "no such file"},
		{"publish DIR --key second.key", 1, "would not count"},
		{"publish DIR --key release.key", 0, "published stable 1.0.0 as seq 1"},
		{"add DIR --version 1.1.0 --notes @notes.md --rollout 100 --from 10 --ramp 24h --urgent app2", 0, "delta from"},
		{"publish --key release.key DIR --to WWW", 0, "uploaded 8 file(s)"},
		{"show DIR", 0, "and safer"},
		{"show DIR", 0, "rollout    10 % of the hosts, 100 % at"},
		{"verify DIR", 0, "all is as it was signed"},
		{"verify DIR --pub second.pub", 3, "0 of 1 signatures that count"},
		{"verify DIR --pub release.pub --pub second.pub --threshold 2", 3, "1 of 2"},
		{"verify WWW", 1, "no release directory"},
		{"rollout DIR --percent 50 --key release.key", 0, "as seq 3"},
		{"rollout DIR --percent 101 --key release.key", 2, "want 0 to 100"},
		{"rollout DIR --key release.key", 2, "--percent"},
		{"promote DIR stable beta --key release.key", 0, "published beta 1.1.0 as seq 4"},
		{"block DIR 0123456789abcdef --key release.key", 1, "no program"},
		{"block DIR 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef --key release.key", 0, "published beta 1.1.0 as seq 5"},
		{"yank DIR 1.1.0 --key release.key", 1, "channel beta has no other release"},
		{"init DIR --pub second.pub --threshold 2", 0, "2 of 2 key(s)"},
		{"publish DIR --key release.key", 0, "1 more signature(s)"},
		{"verify DIR --channel stable", 3, "1 of 2 signatures"},
		{"sign DIR --key second.key", 0, "published stable 1.1.0 as seq 7"},
		{"sign DIR --key second.key", 0, "unchanged stable 1.1.0 as seq 7"},
		{"verify DIR --channel stable", 0, "2 signature(s) that count"},
		{"upload DIR --to WWW", 0, "to WWW"},
		{"prune DIR --keep 1 --dry-run", 0, "would remove"},
		{"prune DIR --keep 1", 0, "removed"},
		{"prune DIR --keep 0", 2, "want 1 or more"},
		{"verify DIR --channel stable", 0, "is not here"},
		{"discard DIR", 0, "there was no draft"},
		{"add DIR --version 1.2.0", 2, "name the programs"},
		{"add DIR", 2, "name the programs"},
		{"add", 2, "want DIR"},
		{"add NONE --version 1.0.0 app", 1, "overseer release init"},
		{"show", 2, "want DIR or URL"},
		{"show DIR extra", 2, "extra"},
		{"show DIR --colour", 2, "colour"},
		{"show -- DIR", 0, "channel stable"},
		{"show ftp://x/", 2, "https://"},
		{"verify https://x.example/stable.json", 2, "--pub"},
		{"upload DIR --to ftp://x", 2, "want a directory"},
		{"upload DIR", 2, "--to"},
		{"publisch DIR", 2, "there is no command"},
		{"keys", 2, "there is no command"},
		{"keys show DIR", 1, "no key list"},
	} {
		out, errs := b.release(row.code, strings.ReplaceAll(row.line, "WWW", "www"))
		if want := strings.ReplaceAll(row.want, "WWW", "www"); !strings.Contains(out+errs, want) {
			t.Errorf("overseer release %s: want %q in\n%s%s", row.line, want, out, errs)
		}
		if strings.ContainsAny(out+errs, "\x1b\r") {
			t.Errorf("overseer release %s: escape sequences on what is no terminal", row.line)
		}
	}
}

// What a script reads is one JSON object, and nothing else, on standard output.
func TestReleaseJSON(t *testing.T) {
	b := newBench(t)
	b.publish("1.0.0", "--quiet")
	for _, row := range []struct{ line, has string }{
		{"show DIR --json", `"seq": 1`},
		{"verify DIR --json", `"ok": true`},
		{"publish DIR --key release.key --json", `"version": "1.0.0"`},
		{"publish DIR --key release.key --json --to www", `"uploaded"`},
		{"prune DIR --json", `"files"`},
		{"init DIR --json", `"product": "app"`},
		{"keygen --no-password -o other.key --json", `"key": "RW`},
		{"keys init DIR --root other.key --release release.pub --json", `"missing_signatures": 0`},
		{"keys show DIR --json", `"signed_by"`},
		{"discard DIR --json", `"changed": false`},
		{"rollout DIR --percent 10 --key release.key --json", `"changed": true`},
		{"yank DIR 1.0.0 --key release.key --json", ""},
	} {
		code := 0
		if row.has == "" {
			code = exitFailed
		}
		out, _ := b.release(code, row.line)
		if code == 0 && (!json.Valid([]byte(out)) || !strings.Contains(out, row.has)) {
			t.Errorf("overseer release %s: want JSON with %q:\n%s", row.line, row.has, out)
		}
		if code != 0 && out != "" {
			t.Errorf("overseer release %s failed and wrote %q", row.line, out)
		}
	}
	if _, errs := b.release(0, "publish DIR --key release.key --quiet"); errs != "" {
		t.Errorf("quiet, and: %q", errs)
	}
}

// A key list from keygen to rotation by the real command.
func TestReleaseKeys(t *testing.T) {
	b := newBench(t)
	b.publish("1.0.0", "")
	b.release(0, "keygen --no-password -o root.key")
	b.release(0, "keygen --no-password -o new.key")
	for _, line := range []string{
		"keys init DIR --root root.key --release release.pub --expires 1y",
		"keys add DIR --root root.key --release new.pub --comment spare --key-expires 90d",
		"keys revoke DIR --root root.key --release new.pub",
		"keygen --no-password -o newer.key",
		"keys rotate DIR --root root.key --old release.pub --new newer.pub --key newer.key",
		"keys renew DIR --root root.key",
		"keys sign DIR --root root.key",
		"verify DIR --root root.pub",
		"verify DIR",
	} {
		b.release(0, line)
	}
	out, _ := b.release(0, "keys show DIR")
	if !regexp.MustCompile(`(?s)key list 5 of app.*key .*revoked`).MatchString(out) {
		t.Errorf("the list is shown as\n%s", out)
	}
	b.release(1, "publish DIR --key release.key")
	b.release(0, "publish DIR --key newer.key")
	b.release(3, "verify DIR --root new.pub")
	b.release(2, "keys revoke DIR --root root.key --release nobody")
	b.release(2, "keys init DIR --root root.key")
	b.release(2, "keys add DIR --root root.key")
	b.release(2, "keys rotate DIR --root root.key")
	b.release(2, "keys renew DIR")
}

// Goreleaser's output is taken as it is.
func TestReleaseGoreleaser(t *testing.T) {
	b := newBench(t)
	if err := os.MkdirAll(filepath.Join(b.dir, "dist/app_linux_arm64_v8.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.program("dist/app_linux_arm64_v8.0/app", "2.0.0")
	for name, text := range map[string]string{
		"dist/artifacts.json": `[{"name":"app","path":"dist/app_linux_arm64_v8.0/app","goos":"linux","goarch":"arm64","target":"linux_arm64_v8.0","type":"Binary","extra":{"Binary":"app","ID":"app"}}]`,
		"dist/metadata.json":  `{"version":"2.0.0"}`,
	} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, _ := b.release(0, "add DIR --goreleaser dist"); !strings.Contains(out, "prepared stable 2.0.0") {
		t.Errorf("added:\n%s", out)
	}
}

// Another publisher is told from a failure.
func TestReleaseBusy(t *testing.T) {
	b := newBench(t)
	lock, err := os.OpenFile(filepath.Join(b.dir, "DIR/.overseer/lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, errs := b.release(exitBusy, "publish DIR --key release.key --wait 1ms"); !strings.Contains(errs, "another publisher") {
		t.Errorf("it says %q", errs)
	}
}
