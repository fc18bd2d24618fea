package delta

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSuffixArray(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	texts := map[string][]byte{"empty": {}, "one": {7}, "two": {1, 0}, "banana": []byte("banana"), "mississippi": []byte("mississippi")}
	texts["zeros"] = make([]byte, 2000)
	texts["periodic"] = bytes.Repeat([]byte("abcab"), 400)
	for letters := 1; letters <= 256; letters *= 4 {
		for n := 1; n < 400; n = n*3/2 + 1 {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(rnd.IntN(letters))
			}
			texts[string(b)] = b
		}
	}
	for name, text := range texts {
		got := make([]int32, len(text))
		if err := suffixArray(t.Context(), text, got); err != nil {
			t.Fatal(err)
		}
		want := make([]int32, len(text))
		for i := range want {
			want[i] = int32(i)
		}
		slices.SortFunc(want, func(a, b int32) int { return bytes.Compare(text[a:], text[b:]) })
		if !slices.Equal(got, want) {
			t.Errorf("suffix array of %.40q: got %.200v, want %.200v", name, got, want)
		}
	}
}
