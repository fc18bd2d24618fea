package fetcher_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
)

var (
	_ fetcher.ContextFetcher = (*fetcher.File)(nil)
	_ fetcher.ContextFetcher = (*fetcher.HTTP)(nil)
	_ fetcher.ContextFetcher = (*fetcher.Github)(nil)
)

func TestFuncNil(t *testing.T) {
	f := fetcher.Func(nil)
	wantSays(t, f.Init(), "nil function")
	r, err := f.Fetch()
	wantSays(t, err, "nil function")
	if r != nil {
		t.Fatalf("Fetch = %v", r)
	}
}

func TestDescribe(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "app"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, row := range []struct {
		name   string
		reader io.Reader
		source string
		size   int64
	}{
		{"nil", nil, "", 0},
		{"a typed nil", (*os.File)(nil), "a reader of type *os.File", 0},
		{"a buffer", bytes.NewBufferString("program"), "a reader of type *bytes.Buffer", 7},
		{"a file", file, file.Name(), 0},
		{"an opaque reader", io.LimitReader(strings.NewReader("x"), 1), "a reader of type *io.LimitedReader", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := fetcher.Describe(row.reader)
			if c.Body != row.reader || c.Source != row.source || c.Size != row.size {
				t.Errorf("Describe = %+v; want source %q, size %d", c, row.source, row.size)
			}
		})
	}
}
