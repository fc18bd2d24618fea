package oci_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// noise makes bytes that do not compress, different for each seed.
func noise(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

var issued = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// programOf is the program of release n: much of it is that of the release before.
func programOf(n byte) []byte { return append(noise(1, 200_000), noise(n, 1_000)...) }

// tree is a release directory at one moment: a release of its own for each n.
// From the second on it has a delta.
func tree(t *testing.T, n byte) fstest.MapFS {
	if n == 1 {
		return treeOf(t, 1, programOf(1), nil)
	}
	return treeOf(t, uint64(n), programOf(n), programOf(n-1))
}

func treeOf(t *testing.T, seq uint64, program, old []byte) fstest.MapFS {
	t.Helper()
	from := fstest.MapFS{}
	put := func(name string, data []byte) string {
		from[name] = &fstest.MapFile{Data: data}
		return name
	}
	a := release.Artifact{
		Size: int64(len(program)), Digest: sha256.Sum256(program),
		URLs: []string{put(fmt.Sprintf("programs/%x", sha256.Sum256(program)), program), "https://elsewhere.invalid/app"},
	}
	if old != nil {
		var patch bytes.Buffer
		if _, err := delta.Diff(t.Context(), &patch, old, program); err != nil {
			t.Fatal(err)
		}
		before := release.Digest(sha256.Sum256(old))
		a.Deltas = []release.Delta{{
			From: before, Size: int64(patch.Len()), Digest: sha256.Sum256(patch.Bytes()),
			URLs: []string{put("deltas/"+before.Short()+"-"+a.Digest.Short()+".delta", patch.Bytes())},
		}}
	}
	manifest, err := release.Manifest{
		Product: "app", Channel: "stable", Seq: seq, Version: fmt.Sprintf("1.%d.0", seq),
		Issued: issued, Expires: issued.AddDate(1, 0, 0),
		Artifacts: map[string]release.Artifact{"linux/amd64": a, release.Platform(): a},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	put("stable.json", manifest)
	put("stable.json.minisig", []byte("a copy"))
	put(fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(manifest)), []byte("of the manifest"))
	put("signatures/0000.minisig", []byte("of an older one"))
	keys := []byte(`{"keys":1}`)
	put("keys.json", keys)
	put(fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(keys)), []byte("of the keys"))
	put("history/stable/1.json", []byte("{}"))
	put(".overseer/settings.json", []byte("mine"))
	return from
}

// sent are the names that a push of a tree sends.
func sent(from fstest.MapFS) (names []string) {
	for name := range from {
		switch name {
		case "signatures/0000.minisig", "history/stable/1.json", ".overseer/settings.json":
		default:
			names = append(names, name)
		}
	}
	return names
}

// read opens and reads to the end.
func read(t *testing.T, p fetcher.Place, want fetcher.Want) (*fetcher.Found, []byte) {
	t.Helper()
	f, err := p.Open(t.Context(), want)
	if err != nil {
		t.Fatalf("Open(%+v): %v", want, err)
	}
	defer f.Body.Close()
	data, err := io.ReadAll(f.Body)
	if err != nil {
		t.Fatalf("read %q: %v", want.Name, err)
	}
	return f, data
}
