package trusttest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// A reader is the smallest pipeline there can be: it reads what lies on a server,
// asks a policy, and takes the whole program, packed by zstd.
type reader struct {
	url    string
	policy trust.Policy
}

var errTooLong = errors.New("too long")

func (r reader) get(ctx context.Context, name string, limit int64) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooLong
	}
	return data, err
}

// signed reads a file and its signatures.
func (r reader) signed(ctx context.Context, name string) (data, signatures []byte, err error) {
	if data, err = r.get(ctx, name, release.MaxManifest); err != nil || data == nil {
		return nil, nil, err
	}
	signatures, err = r.get(ctx, fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(data)), release.MaxSignatures)
	return data, signatures, err
}

// upgrade returns the program that is offered, when all is right.
func (r reader) upgrade(ctx context.Context) ([]byte, error) {
	var st release.Statement
	var err error
	if st.Manifest, st.Signatures, err = r.signed(ctx, "stable.json"); err != nil {
		return nil, err
	}
	if st.Keys, st.KeysSignatures, err = r.signed(ctx, "keys.json"); err != nil {
		return nil, err
	}
	v, err := trust.Check(ctx, r.policy, release.Candidate{Statement: &st})
	if err != nil {
		return nil, err
	}
	m, err := release.ParseManifest(st.Manifest)
	if err != nil {
		return nil, err
	}
	a := m.Artifacts[release.Platform()]
	packed, err := r.get(ctx, a.URLs[0], a.PackedSize)
	if err != nil || sha256.Sum256(packed) != a.PackedDigest || a.Packing != release.Zstd {
		return nil, fmt.Errorf("the packed program is another one: %w", err)
	}
	d, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	program, err := io.ReadAll(io.LimitReader(d, a.Size+1))
	if err != nil || sha256.Sum256(program) != v.Candidate().Digest {
		return nil, fmt.Errorf("the program is another one: %w", err)
	}
	return program, nil
}

// TestForgeriesServed: over HTTP each attack is what its row says, and its
// handlers end with the server.
func TestForgeriesServed(t *testing.T) {
	names := map[string]bool{}
	for _, f := range trusttest.Forgeries() {
		if names[f.Name] {
			t.Errorf("%q appears twice", f.Name)
		}
		names[f.Name] = true
		t.Run(f.Name, func(t *testing.T) {
			p := trusttest.NewPublisher(t, "app")
			if f.Refused {
				p.Deltas = 0 // they take long to make
			}
			policy := trust.Minisign(p.Release.Public()).For("app", "stable")
			if f.Root {
				policy = trust.Root(p.Root.Public()).For("app", "stable")
			}
			var now http.Handler = p.History()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.ServeHTTP(w, r) }))
			defer server.Close()
			defer server.CloseClientConnections()
			host := reader{server.URL, policy}
			if program, err := host.upgrade(t.Context()); err != nil || !bytes.Equal(program, p.Latest()) {
				t.Fatalf("the honest release: %d bytes, %v", len(program), err)
			}
			site := f.Make(p)
			now = site
			ctx := t.Context()
			if len(site.Instead) > 0 { // it may never answer
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			}
			program, err := host.upgrade(ctx)
			switch {
			case f.Refused && err == nil:
				t.Errorf("it is taken: %d bytes", len(program))
			case f.Want != nil && !errors.Is(err, f.Want) && !errors.Is(err, errTooLong):
				t.Errorf("refused: %v\nwant: %v", err, f.Want)
			case err == nil && !bytes.Equal(program, p.Latest()):
				t.Errorf("%d bytes that nobody published are taken", len(program))
			}
		})
	}
	t.Logf("%d attacks", len(names))
}

// TestPublisher: what it publishes is whole, patches included.
func TestPublisher(t *testing.T) {
	p := trusttest.NewPublisher(t, "app")
	f := p.History()
	dir := t.TempDir()
	f.Write(t, dir)
	m, err := release.ParseManifest(f["stable.json"])
	if err != nil {
		t.Fatal(err)
	}
	a := m.Artifacts[release.Platform()]
	if len(a.Deltas) != 2 || m.Seq != 3 || m.MinSeq != 2 {
		t.Fatalf("%+v", m)
	}
	for _, d := range a.Deltas {
		var old []byte
		for _, version := range []string{"1.0.0", "1.1.0"} {
			if program := p.Program(version); sha256.Sum256(program) == d.From {
				old = program
			}
		}
		patch := f[d.URLs[0]]
		r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), int64(len(patch)), a.Size)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || sha256.Sum256(got) != a.Digest || !bytes.Equal(got, p.Latest()) {
			t.Errorf("the patch from %s makes %d bytes, %v", d.From.Short(), len(got), err)
		}
	}
	if before := f.Statement("stable"); string(before.Manifest) != string(f["stable.json"]) || before.Signatures == nil || before.KeysSignatures == nil {
		t.Errorf("the statement is %+v", before)
	}
	p.Publish("9.9.9")
	if string(f["stable.json"]) == string(p.Files()["stable.json"]) {
		t.Error("what was returned changes with the next release")
	}
}
