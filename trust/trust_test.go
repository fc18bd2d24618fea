package trust_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

var (
	one     = release.Digest(sha256.Sum256([]byte("one")))
	two     = release.Digest(sha256.Sum256([]byte("two")))
	errDeny = errors.New("wrong key")
)

type policy struct {
	grant trust.Grant
	err   error
}

func (policy) Name() string { return "" }

func (p policy) Vouch(context.Context, release.Candidate) (trust.Grant, error) {
	return p.grant, p.err
}

func TestCheck(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name         string
		ctx          context.Context
		policy       trust.Policy
		claim        release.Candidate
		wantErr      error
		wantDigest   release.Digest
		wantSize     int64
		wantInsecure bool
	}{
		{name: "no policy", policy: nil, wantErr: trust.ErrNoPolicy},
		{name: "context ended", ctx: ended, policy: trust.Insecure(), wantErr: context.Canceled},
		{name: "insecure", policy: trust.Insecure(), wantInsecure: true},
		{name: "insecure keeps claims", policy: trust.Insecure(), claim: release.Candidate{Size: 3, Digest: one}, wantDigest: one, wantSize: 3, wantInsecure: true},
		{name: "refused", policy: policy{err: errDeny}, wantErr: errDeny},
		{name: "vouched", policy: policy{grant: trust.Grant{Digest: one, Size: 3}}, wantDigest: one, wantSize: 3},
		{name: "same claim", policy: policy{grant: trust.Grant{Digest: one, Size: 3}}, claim: release.Candidate{Size: 3, Digest: one}, wantDigest: one, wantSize: 3},
		{name: "another digest", policy: policy{grant: trust.Grant{Digest: one}}, claim: release.Candidate{Digest: two}, wantErr: trust.ErrContradiction},
		{name: "another size", policy: policy{grant: trust.Grant{Size: 3}}, claim: release.Candidate{Size: 4}, wantErr: trust.ErrContradiction},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx := row.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			row.claim.Source = "test source"
			got, err := trust.Check(ctx, row.policy, row.claim)
			if !errors.Is(err, row.wantErr) || (err == nil) != (row.wantErr == nil) {
				t.Fatalf("Check = %v; want %v", err, row.wantErr)
			}
			if err != nil {
				if !got.IsZero() || !strings.Contains(err.Error(), "test source") {
					t.Fatalf("Check = %+v, %v; want the zero value and the source named", got, err)
				}
				return
			}
			c := got.Candidate()
			if got.IsZero() || c.Digest != row.wantDigest || c.Size != row.wantSize || got.Insecure() != row.wantInsecure {
				t.Fatalf("Check = %+v; want digest %v, size %d, insecure %v", got, row.wantDigest, row.wantSize, row.wantInsecure)
			}
		})
	}
}

func TestZeroVerified(t *testing.T) {
	if !(trust.Verified{}).IsZero() {
		t.Fatal("the zero Verified passes for a checked one")
	}
}

func ExampleCheck() {
	candidate := release.Candidate{Body: strings.NewReader("program"), Source: "https://example.com/app"}

	_, err := trust.Check(context.Background(), nil, candidate)
	fmt.Println(errors.Is(err, trust.ErrNoPolicy))

	verified, err := trust.Check(context.Background(), trust.Insecure(), candidate)
	fmt.Println(verified.By(), err)
	// Output:
	// true
	// insecure <nil>
}
