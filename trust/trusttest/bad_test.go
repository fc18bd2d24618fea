package trusttest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// A careless policy checks signatures, until a row breaks one more thing.
type careless struct {
	keys []string
	lax  string // what it does not do
}

func (careless) Name() string { return "careless" }

func (c careless) Vouch(ctx context.Context, of release.Candidate) (trust.Grant, error) {
	switch c.lax {
	case "refusing":
		return trust.Grant{}, errors.New("nothing is good enough")
	case "forgetful":
		return trust.Minisign(c.keys...).For("app", "stable").Vouch(ctx, of)
	case "unpinned":
		m, err := release.ParseManifest(of.Statement.Manifest)
		if err != nil || m.Product == "" {
			return trust.Grant{}, err
		}
		return trust.Minisign(c.keys...).For(m.Product, m.Channel).Vouch(ctx, of)
	}
	m, err := release.ParseManifest(of.Statement.Manifest)
	if err != nil {
		return trust.Grant{}, err
	}
	a := m.Artifacts[release.Platform()]
	if c.lax == "credulous" {
		return trust.Grant{Digest: a.Digest, Size: a.Size}, nil
	}
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(c.keys[0])); err != nil {
		return trust.Grant{}, err
	}
	if !minisign.Verify(key, of.Statement.Manifest, of.Statement.Signatures) {
		return trust.Grant{}, errors.New("not signed")
	}
	return trust.Grant{Digest: a.Digest, Size: a.Size}, nil
}

const chosen = "TEST_CARELESS_POLICY"

// TestCareless is run by TestSuiteTells in a child.
func TestCareless(t *testing.T) {
	lax := os.Getenv(chosen)
	if lax == "" {
		lax = "none" // the real one
	}
	trusttest.Suite{Keys: func(keys ...string) trust.Policy {
		if lax == "none" {
			return trust.Minisign(keys...).For(trusttest.Product, trusttest.Channel)
		}
		return careless{keys, lax}
	}}.Run(t)
}

// TestSuiteTells: the suite finds what a policy leaves out.
func TestSuiteTells(t *testing.T) {
	if os.Getenv(chosen) != "" {
		return
	}
	for lax, fails := range map[string]string{
		"credulous":      "wrong_key",
		"refusing":       "wrong_key",
		"signature only": "replayed_old_manifest",
		"forgetful":      "replayed_old_manifest",
		"unpinned":       "another_product",
	} {
		t.Run(lax, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCareless$/^keys$/^"+fails+"$", "-test.timeout=1m")
			child.Env = append(os.Environ(), chosen+"="+lax, "GORACE=atexit_sleep_ms=0")
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestCareless/keys/"+fails) {
				t.Fatalf("the suite on a policy that is %s: %v; want %q to fail in\n%s", lax, err, fails, out)
			}
		})
	}
}
