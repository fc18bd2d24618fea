package fetcher

import (
	"context"
	"errors"
	"io"
)

// Interface is a source of releases. Its methods are called by one goroutine at
// a time. A source whose Fetch may take long is a [ContextFetcher] too.
type Interface interface {
	// Init checks the settings, once, before the first Fetch. An error from
	// it is a mistake of the program and ends the start.
	Init() error

	// Fetch returns the bytes of a release that has not been taken yet, and
	// (nil, nil) where there is none. It is called again and again and sets
	// the pace itself: it waits before it looks, so that the source's
	// interval passes between two looks; the first call does not wait.
	//
	// The consumer closes the reader where it is an [io.Closer], and tells
	// it that the bytes are safe where it is a [Receipt].
	Fetch() (io.Reader, error)
}

// ContextFetcher is the optional second interface of a source that can be
// stopped. [File], [HTTP], [Github] and [Manifest] have it.
type ContextFetcher interface {
	// FetchContext is Fetch, but returns promptly with the context's error
	// when ctx ends, also out of its wait. The context governs the reader
	// too: it must live until the bytes are read, and ending it ends a Read
	// that is under way.
	FetchContext(ctx context.Context) (io.Reader, error)
}

// Receipt is the optional second interface of a reader that a source returns.
// All readers of this package have it.
type Receipt interface {
	// Taken says that the consumer needs these bytes no more: they stand
	// safe on its disk, or it knows them and does not want them (they run
	// already, they are quarantined). Only then does the source remember
	// them and offer them no more until they change. Taken after a Read
	// that failed does nothing; it may be called before or after Close, and
	// twice.
	//
	// A consumer that never calls it is offered the same bytes after each
	// interval: that costs traffic and loses nothing.
	Taken()
}

// Remarker is the optional third interface of a reader that a source returns.
// Readers of this package have it.
type Remarker interface {
	// Remarks tell what went otherwise than it should while the bytes were
	// read, and did not keep them from coming: a delta that failed before
	// the whole program was fetched. It may be called at any time, also
	// during a Read.
	Remarks() []string
}

// Func makes a source of a function. It is called again as soon as the last
// bytes are dealt with (Config.MinFetchInterval apart), so it sets the pace
// itself, and remembers itself what it has given: its reader may be a
// [Receipt].
func Func(fn func() (io.Reader, error)) Interface { return function(fn) }

type function func() (io.Reader, error)

var errNoFunc = errors.New("fetcher.Func was given a nil function: give it one, or leave Config.Fetcher empty")

func (f function) Init() error {
	if f == nil {
		return errNoFunc
	}
	return nil
}

func (f function) Fetch() (io.Reader, error) {
	if f == nil {
		return nil, errNoFunc
	}
	return f()
}
