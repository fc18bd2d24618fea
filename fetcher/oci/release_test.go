package oci_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

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

// tree is a release directory at one moment: a release of its own for each n.
// From the second on it has a delta.
func tree(t *testing.T, n byte) fstest.MapFS {
	t.Helper()
	program := noise(n, 200_000+int(n))
	from := fstest.MapFS{}
	put := func(name string, data []byte) string {
		from[name] = &fstest.MapFile{Data: data}
		return name
	}
	a := release.Artifact{
		Size: int64(len(program)), Digest: sha256.Sum256(program),
		URLs: []string{put(fmt.Sprintf("programs/%x", sha256.Sum256(program)), program), "https://elsewhere.example.com/app"},
	}
	if n > 1 {
		before := release.Digest(sha256.Sum256(noise(n-1, 200_000+int(n)-1)))
		patch := noise(100+n, 20_000)
		a.Deltas = []release.Delta{{
			From: before, Size: int64(len(patch)), Digest: sha256.Sum256(patch),
			URLs: []string{put("deltas/"+before.Short()+"-"+a.Digest.Short()+".delta", patch)},
		}}
	}
	manifest, err := release.Manifest{
		Product: "app", Channel: "stable", Seq: uint64(n), Version: fmt.Sprintf("1.%d.0", n),
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
