package trust_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

func TestAllOfAndAnyOf(t *testing.T) {
	var (
		yesOne     = policy{grant: trust.Grant{Digest: one}}
		yesTwo     = policy{grant: trust.Grant{Digest: two}}
		yesSize    = policy{grant: trust.Grant{Size: 3}}
		no         = policy{err: errDeny}
		errNever   = errors.New("never")
		never      = policy{err: errNever}
		insecure   = trust.Insecure()
		unpinned   = trust.Minisign(trusttest.NewKey(t).Public())
		ended, end = context.WithCancel(t.Context())
	)
	end()
	for _, row := range []struct {
		name     string
		policy   trust.Policy
		ctx      context.Context
		claim    release.Candidate
		want     []error // all match; none: let in
		grant    trust.Grant
		insecure bool
	}{
		{name: "all of none", policy: trust.AllOf(), want: []error{trust.ErrNoPolicy}},
		{name: "any of none", policy: trust.AnyOf(), want: []error{trust.ErrNoPolicy}},
		{name: "all of a nil one", policy: trust.AllOf(yesOne, nil), want: []error{trust.ErrNoPolicy}},
		{name: "any of a nil one", policy: trust.AnyOf(yesOne, nil), want: []error{trust.ErrNoPolicy}},
		{name: "all of one wrongly set", policy: trust.AllOf(yesOne, unpinned), want: []error{trust.ErrNotPinned}},
		{name: "any of one wrongly set", policy: trust.AnyOf(yesOne, unpinned), want: []error{trust.ErrNotPinned}},
		{name: "all of two", policy: trust.AllOf(yesOne, yesOne), grant: trust.Grant{Digest: one}},
		{name: "all of two that complete each other", policy: trust.AllOf(yesOne, yesSize), grant: trust.Grant{Digest: one, Size: 3}},
		{name: "all of two that disagree", policy: trust.AllOf(yesOne, yesTwo), want: []error{trust.ErrContradiction}},
		{name: "all of two, one refuses", policy: trust.AllOf(yesOne, no), want: []error{errDeny}},
		{name: "all of two that prove nothing", policy: trust.AllOf(policy{}, policy{}), claim: release.Candidate{Digest: two, Size: 9}},
		{name: "any of two, one refuses", policy: trust.AnyOf(no, yesOne), grant: trust.Grant{Digest: one}},
		{name: "any of two that disagree", policy: trust.AnyOf(yesTwo, yesOne), grant: trust.Grant{Digest: two}},
		{name: "any of two, all refuse", policy: trust.AnyOf(no, never), want: []error{errDeny, errNever}},
		{name: "all of insecure", policy: trust.AllOf(insecure, insecure), insecure: true},
		{name: "all of insecure and another", policy: trust.AllOf(insecure, yesOne), grant: trust.Grant{Digest: one}},
		{name: "any of insecure and another", policy: trust.AnyOf(yesOne, insecure), grant: trust.Grant{Digest: one}, insecure: true},
		{name: "nested insecure", policy: trust.AllOf(trust.AnyOf(no, insecure), insecure), insecure: true},
		{name: "nested", policy: trust.AnyOf(trust.AllOf(no, insecure), trust.AllOf(yesSize, insecure)), grant: trust.Grant{Size: 3}},
		{name: "all of, ended", policy: trust.AllOf(yesOne), ctx: ended, want: []error{context.Canceled}},
		{name: "any of, ended", policy: trust.AnyOf(yesOne), ctx: ended, want: []error{context.Canceled}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx := row.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			g, err := row.policy.Vouch(ctx, row.claim)
			for _, w := range row.want {
				want(t, "Vouch", err, w)
			}
			if len(row.want) == 0 && err != nil || g != row.grant {
				t.Fatalf("Vouch = %+v, %v; want %+v", g, err, row.grant)
			}
			if len(row.want) == 0 && trust.IsInsecure(row.policy) != row.insecure {
				t.Errorf("IsInsecure = %t", !row.insecure)
			}
		})
	}
	if trust.IsInsecure(trust.AllOf()) || trust.IsInsecure(nil) {
		t.Error("a policy that refuses everything is called insecure")
	}
}

// TestSeveralOnHost: the host reaches the members, and names them in a log.
func TestSeveralOnHost(t *testing.T) {
	p := publisher(t)
	signed := trust.Minisign(p.Release.Public()).For("app", "stable")
	old, next := p.Publish("1.0.0"), p.Publish("1.1.0")
	for name, make := range map[string]func(...trust.Policy) trust.HostPolicy{"all of": trust.AllOf, "any of": trust.AnyOf} {
		m := &trusttest.Memory{}
		several := make(signed)
		want(t, name, several.(interface{ Check() error }).Check(), nil)
		_, err := vouch(t, trust.On(several, trust.Host{Memory: m}), next)
		want(t, name, err, nil)
		_, err = vouch(t, restarted(p, m), old)
		want(t, name+": what it remembers", err, trust.ErrReplay)
		if got := several.Name(); got != name+"(minisign app/stable)" {
			t.Errorf("its name is %q", got)
		}
	}
}

// officeHours is a policy of one's own.
type officeHours struct{}

func (officeHours) Name() string { return "office hours" }

func (officeHours) Vouch(context.Context, release.Candidate) (trust.Grant, error) {
	return trust.Grant{}, nil
}
