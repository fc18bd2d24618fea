//go:build unix

package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkTree takes a release of 5,000 files and 40 MB all the way, apart from
// its fetch.
func BenchmarkTree(b *testing.B) {
	noise := make([]byte, 8<<10)
	rand.NewChaCha8([32]byte{}).Read(noise)
	files := []treeFile{{"bin/app", "#!/bin/sh\n"}}
	for n := range 5000 {
		files = append(files, treeFile{fmt.Sprintf("lib/%d/%d", n/100, n), string(noise)})
	}
	home := newHome(b)
	s := openTrees(b, home)
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		data := treeTar(append(files, treeFile{"version", fmt.Sprint(n)})...)
		b.StartTimer()
		st, err := s.Stage(b.Context(), bytesOf(b, data), 0)
		if err == nil {
			_, err = s.Install(b.Context(), st)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
