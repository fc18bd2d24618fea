package usage

import (
	"os"
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	block := make([]byte, 64<<20)
	for i := range block {
		block[i] = 1
	}
	u := Of(os.Getpid())
	if u.RSS < int64(len(block)) {
		t.Errorf("%d bytes, want at least %d", u.RSS, len(block))
	}
	_ = block[0]
	if u := Of(-1); u != (Usage{}) {
		t.Errorf("%+v of a process that is none", u)
	}
}

func TestSpent(t *testing.T) {
	stat := []byte("12 (a ) b 3 4) S 1 12 12 0 -1 4194304 1 2 3 4 250 31 7 8 20 0 1 0 99 1 1")
	if got, want := spent(stat), 2810*time.Millisecond; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	for _, text := range []string{"", "12", "12 (a) S 1"} {
		if got := spent([]byte(text)); got != 0 {
			t.Errorf("%q: %v, want 0", text, got)
		}
	}
}
