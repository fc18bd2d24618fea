package release_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
)

func TestParseDigest(t *testing.T) {
	known := release.Digest(sha256.Sum256([]byte("overseer")))
	for _, row := range []struct {
		name, in, wantErr string
		want              release.Digest
	}{
		{name: "its own form", in: known.String(), want: known},
		{name: "upper case", in: strings.ToUpper(known.String()), want: known},
		{name: "empty", in: "", wantErr: "got 0 characters"},
		{name: "too long", in: known.String() + "0", wantErr: "got 65 characters"},
		{name: "not hexadecimal", in: strings.Repeat("g", 64), wantErr: "invalid byte"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := release.ParseDigest(row.in)
			if row.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), row.wantErr) {
					t.Fatalf("ParseDigest(%q) = %v, %v; want an error with %q", row.in, got, err, row.wantErr)
				}
				return
			}
			if err != nil || got != row.want {
				t.Fatalf("ParseDigest(%q) = %v, %v; want %v", row.in, got, err, row.want)
			}
		})
	}
}

func TestDigestZero(t *testing.T) {
	if !(release.Digest{}).IsZero() || release.Digest(sha256.Sum256(nil)).IsZero() {
		t.Fatal("only the zero digest is zero")
	}
}
