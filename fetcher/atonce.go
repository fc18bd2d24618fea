package fetcher

import "context"

type atOnceKey struct{}

// AtOnce returns a context with which FetchContext looks at once, whatever its
// interval, and offers also what was taken before: somebody has asked for an
// upgrade now. Sources of this package heed it; see [IsAtOnce] for others.
func AtOnce(ctx context.Context) context.Context { return context.WithValue(ctx, atOnceKey{}, true) }

// IsAtOnce reports whether ctx was made by [AtOnce].
func IsAtOnce(ctx context.Context) bool { return ctx.Value(atOnceKey{}) != nil }
