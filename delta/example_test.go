package delta_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/seed-3d078585/overseer/delta"
)

// Whoever publishes a release makes a patch; whoever has the release before
// makes the new one of it.
func Example() {
	old := []byte(strings.Repeat("what both releases have. ", 1000))
	new := append(bytes.Clone(old), "what is new."...)

	var patch bytes.Buffer
	if _, err := delta.Diff(context.Background(), &patch, old, new); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the patch is shorter than 500 bytes:", patch.Len() < 500)

	p := bytes.NewReader(patch.Bytes())
	r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), p, p.Size(), 1<<20)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	made, err := io.ReadAll(r) // a nil error: the digest is that of the new program
	fmt.Println(err, bytes.Equal(made, new))
	// Output:
	// the patch is shorter than 500 bytes: true
	// <nil> true
}

// A patch is asked about before it is applied.
func ExampleReadInfo() {
	old, new := []byte("the old program"), []byte("the new program")
	var patch bytes.Buffer
	if _, err := delta.Diff(context.Background(), &patch, old, new); err != nil {
		fmt.Println(err)
		return
	}
	info, err := delta.ReadInfo(bytes.NewReader(patch.Bytes()), int64(patch.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Format, info.OldSize, info.NewSize)
	fmt.Println(info.CheckBase(context.Background(), bytes.NewReader(old)))
	// Output:
	// overseer delta 1 15 15
	// <nil>
}
