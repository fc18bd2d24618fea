package doctor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aead.dev/minisign"
	"github.com/seed-3d078585/overseer/release"
)

func TestKeys(t *testing.T) {
	public, _, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := public.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "release.pub")
	if err := os.WriteFile(good, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		key    string
		result Result
		words  string
	}{
		{good, OK, "minisign"},
		{public.String(), OK, "minisign"},
		{"RWgarbage", Fail, "no public key"},
		{good + ".not", Fail, "cannot be read"},
		{"/dev/zero", Fail, "no file"},
	} {
		expect(t, row.key, Examine(t.Context(), Subject{Keys: []string{row.key}}), "public key", row.result, row.words)
	}
}

// remember writes what a trust policy remembers of a product.
func remember(t *testing.T, dir string, issued, expires time.Time) {
	t.Helper()
	public, _, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := release.KeyList{Product: "app", Seq: 4, Issued: expires.Add(-24 * time.Hour), Expires: expires, Threshold: 1, Keys: []release.Key{{Public: public.String()}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"format": 1, "product": "app", "issued": issued, "keys": list})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "trust-manifest-app"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsRemembered(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	for _, row := range []struct {
		name            string
		issued, expires time.Duration // from now
		check           string
		result          Result
		words           string
	}{
		{"fine", -time.Hour, 90 * 24 * time.Hour, "key list", OK, "number 4"},
		{"soon", -time.Hour, 3 * 24 * time.Hour, "key list", Warn, "keys renew"},
		{"expired", -time.Hour, -time.Minute, "key list", Fail, "has expired"},
		{"the clock is behind", time.Hour, 90 * 24 * time.Hour, "clock", Fail, "clock is behind"},
	} {
		_, dir := installed(t)
		remember(t, dir, now.Add(row.issued), now.Add(row.expires))
		if err := os.WriteFile(filepath.Join(dir, "trust-other"), []byte("no JSON"), 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, row.name, Examine(t.Context(), Subject{StateDir: dir, Now: now}), row.check, row.result, row.words)
	}
}
