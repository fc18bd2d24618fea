package keys_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
)

func generate(t *testing.T, password string) (path string, p keys.Public) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "release.key")
	p, err := keys.Generate(path, password)
	if err != nil {
		t.Fatal(err)
	}
	return path, p
}

func secret(t *testing.T) keys.Secret {
	t.Helper()
	path, _ := generate(t, "")
	k, err := keys.ReadSecret(path, keys.Passwords{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestGenerate(t *testing.T) {
	path, p := generate(t, "")
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the secret key is %v, %v; want 0600", info.Mode(), err)
	}
	for _, given := range []string{p.String(), keys.PublicPath(path)} {
		if got, err := keys.ReadPublic(given); err != nil || !got.Equal(p) {
			t.Errorf("ReadPublic(%q) = %v, %v; want %v", given, got, err, p)
		}
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Free(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("Free = %v; want that the file exists", err)
	}
	if _, err := keys.Generate(path, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key was made over another: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Generate(path, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key was made beside another's public half: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("half a pair was left")
	}
	if len(before) == 0 {
		t.Error("the key is empty")
	}
}

func TestReadPublic(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, 10<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ given, text string }{
		{"", "neither a key"},
		{filepath.Join(dir, "none.pub"), "neither a key (RW…) nor a file"},
		{long, "another kind of file"},
		{dir, "read public key"},
	} {
		if _, err := keys.ReadPublic(row.given); err == nil || !strings.Contains(err.Error(), row.text) {
			t.Errorf("ReadPublic(%q) = %v; want %q", row.given, err, row.text)
		}
	}
}

func TestSigners(t *testing.T) {
	one, two := secret(t), secret(t)
	message := []byte("a manifest\n")
	raw := append(one.Sign(message, "app stable seq 1"), two.Sign(message, "app stable seq 1")...)
	raw = append(raw, one.Sign(message, "again")...)
	signatures, err := keys.Split(raw)
	if err != nil || len(signatures) != 3 || signatures[0].ID != one.Public().ID() || signatures[0].Comment != "app stable seq 1" {
		t.Fatalf("Split = %+v, %v", signatures, err)
	}
	both := []keys.Public{one.Public(), two.Public(), one.Public()}
	if got := keys.Signers(message, signatures, both); len(got) != 2 {
		t.Errorf("%d keys have signed; want each once", len(got))
	}
	if got := keys.Signers([]byte("another\n"), signatures, both); len(got) != 0 {
		t.Errorf("%d keys have signed other bytes", len(got))
	}
	if got := keys.Signers(message, signatures, []keys.Public{secret(t).Public()}); len(got) != 0 {
		t.Errorf("a stranger has signed")
	}
	forged := bytes.Replace(raw, []byte("seq 1"), []byte("seq 2"), 2)
	if signatures, err = keys.Split(forged); err != nil {
		t.Fatal(err)
	}
	if got := keys.Signers(message, signatures[:2], both); len(got) != 0 {
		t.Errorf("%d signatures count whose comments were changed", len(got))
	}
}

func TestSplit(t *testing.T) {
	k := secret(t)
	block := string(k.Sign([]byte("x"), "c"))
	for _, row := range []struct {
		name, in string
		want     int // negative: an error
	}{
		{"none", "", 0},
		{"blank lines", "\n\n", 0},
		{"one", block, 1},
		{"without the last newline", strings.TrimSuffix(block, "\n"), 1},
		{"lines of another system", strings.ReplaceAll(block, "\n", "\r\n"), 1},
		{"two", block + block, 2},
		{"cut", block + block[:100], -1},
		{"something else", "hello\n", -1},
		{"far too many", strings.Repeat(block, 65), -1},
	} {
		got, err := keys.Split([]byte(row.in))
		if errors.Is(err, keys.ErrSignatures) != (row.want < 0) || err == nil && len(got) != row.want {
			t.Errorf("%s: %d, %v; want %d", row.name, len(got), err, row.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("untrusted comment: x\nRUQ=\ntrusted comment: y\nAA==\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := keys.Split(data)
		if err != nil && len(all) != 0 {
			t.Errorf("%d signatures and %v", len(all), err)
		}
	})
}

func TestFindPasswords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(file, []byte("first\r\n\nsecond"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(keys.PasswordVariable, "third")
	p, err := keys.FindPasswords(t.Context(), file)
	if err != nil || strings.Join(p.Known, " ") != "first second third" {
		t.Errorf("FindPasswords = %q, %v", p.Known, err)
	}
	if word, err := p.New(); word != "first" || err != nil {
		t.Errorf("New = %q, %v", word, err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.FindPasswords(t.Context(), file); !errors.Is(err, keys.ErrPassword) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestNewPassword(t *testing.T) {
	for _, row := range []struct {
		name    string
		answers []string
		want    string
	}{
		{"the same twice", []string{"a", "a"}, "a"},
		{"two", []string{"a", "b"}, ""},
		{"empty", []string{"", ""}, ""},
	} {
		p := keys.Passwords{Ask: func(string) (string, error) {
			word := row.answers[0]
			row.answers = row.answers[1:]
			return word, nil
		}}
		if got, err := p.New(); got != row.want || errors.Is(err, keys.ErrPassword) != (row.want == "") {
			t.Errorf("%s: %q, %v; want %q", row.name, got, err, row.want)
		}
	}
	if _, err := (keys.Passwords{}).New(); !errors.Is(err, keys.ErrPassword) || !strings.Contains(err.Error(), keys.PasswordVariable) {
		t.Errorf("nobody to ask: %v", err)
	}
}

// weakKey has the password "weak" and little to slow a guess down. minisign
// reads it too.
const weakKey = "testdata/weak.key"

func TestReadSecret(t *testing.T) {
	public, err := keys.ReadPublic("testdata/weak.pub")
	if err != nil {
		t.Fatal(err)
	}
	answer := func(word string) func(string) (string, error) {
		return func(prompt string) (string, error) {
			if !strings.Contains(prompt, weakKey) {
				t.Errorf("the prompt %q does not name the key", prompt)
			}
			return word, nil
		}
	}
	noKey := filepath.Join(t.TempDir(), "no.key")
	if err := os.WriteFile(noKey, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, path string
		ask        keys.Passwords
		text       string // of the error; empty: none
		password   bool   // the error is about it
	}{
		{"known", weakKey, keys.Passwords{Known: []string{"wrong", "weak"}}, "", false},
		{"asked for", weakKey, keys.Passwords{Known: []string{"wrong"}, Ask: answer("weak")}, "", false},
		{"answered wrong", weakKey, keys.Passwords{Ask: answer("Weak")}, "not the one of this key", true},
		{"known wrong", weakKey, keys.Passwords{Known: []string{"wrong"}}, "none of those", true},
		{"nobody to ask", weakKey, keys.Passwords{}, "no terminal to ask on", true},
		{"no key", noKey, keys.Passwords{}, "minisign -G", false},
		{"a public key", "testdata/weak.pub", keys.Passwords{}, "minisign -G", false},
		{"no file", "testdata/none.key", keys.Passwords{}, "no such file", false},
	} {
		k, err := keys.ReadSecret(row.path, row.ask)
		if row.text == "" && (err != nil || !k.Public().Equal(public) || strings.Contains(k.String(), "\"weak\"")) {
			t.Errorf("%s: %v, %v", row.name, k, err)
		}
		if row.text != "" && (err == nil || !strings.Contains(err.Error(), row.text) || errors.Is(err, keys.ErrPassword) != row.password) {
			t.Errorf("%s: %v; want %q", row.name, err, row.text)
		}
	}
}
