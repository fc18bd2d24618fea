package fetcher

import (
	"fmt"
	"io"
	"reflect"

	"github.com/seed-3d078585/overseer/release"
)

// Describe says what is known of the bytes that a Fetch returned, without
// reading them: what their own Candidate method says, and otherwise what can be
// seen from outside (a name, a length). Body is always r itself. A nil r gives
// the zero Candidate.
func Describe(r io.Reader) release.Candidate {
	if r == nil {
		return release.Candidate{}
	}
	c := release.Candidate{Body: r, Source: fmt.Sprintf("a reader of type %T", r)}
	if v := reflect.ValueOf(r); v.Kind() == reflect.Pointer && v.IsNil() {
		return c // a typed nil, which a function meant as "no update"
	}
	if known, ok := r.(interface{ Candidate() release.Candidate }); ok {
		c = known.Candidate()
		c.Body = r
		return c
	}
	if named, ok := r.(interface{ Name() string }); ok {
		c.Source = named.Name()
	}
	if sized, ok := r.(interface{ Len() int }); ok {
		c.Size = int64(sized.Len())
	}
	return c
}
