package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"testing"
)

// Whatever the bytes say: nothing outside of the tree is touched, nothing in it
// leads out, and what is taken is told the same by List and by Compare.
func FuzzUnpack(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed)
	}
	bounds := Bounds{Bytes: 1 << 20, Entries: 100}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir, l, err := unpack(t, data, bounds)
		alone(t, dir)
		again, listErr := List(t.Context(), bytes.NewReader(data), int64(len(data)), bounds)
		if err != nil {
			return // List knows no disk: a name that one cannot hold is no error to it
		}
		if listErr != nil || fmt.Sprint(l) != fmt.Sprint(again) {
			t.Fatalf("Unpack gives %v, List %v, %v", l, again, listErr)
		}
		if err := l.Compare(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	})
}

func seeds() (all [][]byte) {
	for _, entries := range [][]entry{
		{dirOf("./"), {name: "bin/app", body: "#!/bin/sh\n", mode: 0o755}, linkOf("app", "bin/app"), fileOf("share/data")},
		{dirOf("a/b"), linkOf("a/b/s", "../.."), linkOf("t", "a/b/s/../x")},
		{linkOf("l", "."), fileOf("l/x")},
		{linkOf("a", "b"), linkOf("b", "a")},
		{fileOf("../x")},
		{fileOf("/etc/passwd")},
		{fileOf("README"), fileOf("readme")},
		{{name: "s", mode: 0o6777, body: "s"}},
	} {
		all = append(all, tarOf(entries...), zipOf(entries...))
	}
	return append(all,
		tarOf(fileOf("a"), hardOf("b", "a"), hardOf("c", "b")),
		tarOf(kindOf("null", tar.TypeChar)),
		[]byte("\x1f\x8b\x08"),
		[]byte("PK\x03\x04"),
	)
}
