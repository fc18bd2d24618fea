package trust_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// minisign runs the program of that name. Where it is missing the test is
// skipped, except under CI.
func minisign(t *testing.T, dir string, args ...string) error {
	t.Helper()
	path, err := exec.LookPath("minisign")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("minisign is not there: apt-get install minisign")
		}
		t.Skip("minisign is not there: apt-get install minisign")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	t.Logf("minisign %s: %v\n%s", strings.Join(args, " "), err, out)
	return err
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestMinisignReads: minisign takes a release directory's manifest with the
// signature beside it, and each block of the signatures on its own.
func TestMinisignReads(t *testing.T) {
	p, dir := publisher(t), t.TempDir()
	second := trusttest.NewKey(t)
	f := p.Put(p.Encode(p.Manifest("1.0.0")), p.Release, second)
	f.Write(t, dir)
	if err := minisign(t, dir, "-V", "-P", p.Release.Public(), "-m", "stable.json"); err != nil {
		t.Error("the manifest with the file beside it is refused")
	}
	lines := strings.SplitAfter(string(f["stable.json.minisig"]), "\n")
	write(t, dir, "block.minisig", []byte(strings.Join(lines[4:8], "")))
	if err := minisign(t, dir, "-V", "-P", second.Public(), "-m", "stable.json", "-x", "block.minisig"); err != nil {
		t.Error("the second block is refused")
	}
	if err := minisign(t, dir, "-V", "-P", p.Release.Public(), "-m", "stable.json", "-x", "block.minisig"); err == nil {
		t.Error("the second block is taken for the first key's")
	}
	write(t, dir, "legacy.minisig", p.Release.SignLegacy(f["stable.json"]))
	if err := minisign(t, dir, "-V", "-P", p.Release.Public(), "-m", "stable.json", "-x", "legacy.minisig"); err != nil {
		t.Error("the legacy signature is refused")
	}
}

// TestMinisignWrites: a key and signatures of minisign itself are good.
func TestMinisignWrites(t *testing.T) {
	p, dir := publisher(t), t.TempDir()
	if err := minisign(t, dir, "-G", "-W", "-p", "release.pub", "-s", "release.key"); err != nil {
		t.Fatal("no key was made")
	}
	policy := trust.Minisign(string(read(t, dir, "release.pub"))).For("app", "stable")
	want(t, "the .pub file", policy.Check(), nil)
	for _, kind := range [][]string{nil, {"-l"}} {
		f := p.Publish("1.0.0")
		f.Write(t, dir)
		if err := minisign(t, dir, append(kind, "-S", "-W", "-s", "release.key", "-m", "stable.json", "-t", "for a test")...); err != nil {
			t.Fatal("nothing was signed")
		}
		_, err := vouch(t, policy, f)
		want(t, "by another key", err, trust.ErrSignature)
		st := f.Statement("stable")
		st.Signatures = read(t, dir, "stable.json.minisig")
		_, err = policy.Vouch(t.Context(), release.Candidate{Statement: st})
		want(t, "by the key of minisign", err, nil)
	}
}
