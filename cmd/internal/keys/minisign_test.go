package keys_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
)

// minisign runs the command of that name, which another hand has written.
func minisign(t *testing.T, input string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("minisign")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("the command minisign is not installed: apt-get install minisign")
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, args...)
	c.Stdin = strings.NewReader(input)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("minisign %q: %v\n%s", args, err, out)
	}
}

// Keys and signatures are exchanged with minisign, both ways.
func TestMinisign(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "manifest.json")
	message := []byte(`{"format": 1}`)
	if err := os.WriteFile(file, message, 0o644); err != nil {
		t.Fatal(err)
	}
	ours, public := generate(t, "")
	k, err := keys.ReadSecret(ours, keys.Passwords{})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("it verifies our signature", func(t *testing.T) {
		raw := append(k.Sign(message, "app stable seq 1"), secret(t).Sign(message, "another")...)
		at := filepath.Join(t.TempDir(), "sig")
		if err := os.WriteFile(at, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		minisign(t, "", "-V", "-H", "-p", keys.PublicPath(ours), "-m", file, "-x", at)
		minisign(t, "", "-V", "-P", public.String(), "-m", file, "-x", at)
	})
	t.Run("it signs with our key", func(t *testing.T) {
		at := filepath.Join(t.TempDir(), "sig")
		minisign(t, "\n", "-S", "-W", "-s", ours, "-m", file, "-x", at)
		counts(t, at, message, public)
	})
	t.Run("its key", func(t *testing.T) {
		pub, key := filepath.Join(dir, "their.pub"), filepath.Join(dir, "their.key")
		minisign(t, "", "-G", "-W", "-p", pub, "-s", key)
		theirs, err := keys.ReadSecret(key, keys.Passwords{})
		if err != nil {
			t.Fatal(err)
		}
		their, err := keys.ReadPublic(pub)
		if err != nil || !their.Equal(theirs.Public()) {
			t.Fatalf("the public key is %v, %v; that of the secret one %v", their, err, theirs.Public())
		}
		at := filepath.Join(t.TempDir(), "sig")
		minisign(t, "\n", "-S", "-l", "-s", key, "-m", file, "-x", at) // the older algorithm
		counts(t, at, message, their)
	})
}

func counts(t *testing.T, at string, message []byte, by keys.Public) {
	t.Helper()
	raw, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	signatures, err := keys.Split(raw)
	if err != nil || len(keys.Signers(message, signatures, []keys.Public{by})) != 1 {
		t.Errorf("the signature does not count: %v\n%s", err, raw)
	}
}

// A password costs seconds and a gigabyte by the format's own wish, so one key is
// made with one and read by minisign; the others are of testdata and cost little.
func TestPasswordOfNewKey(t *testing.T) {
	if underRace {
		t.Skip("the race detector makes the key derivation take minutes; the test runs without it too")
	}
	path, public := generate(t, "correct horse")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	minisign(t, "correct horse\n", "-S", "-s", path, "-m", file)
	counts(t, file+".minisig", []byte("x"), public)
}
