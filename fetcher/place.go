package fetcher

import (
	"context"
	"errors"
	"io"

	"github.com/seed-3d078585/overseer/release"
)

// A Place holds the files of a product's releases: manifests, signatures,
// programs, patches. A directory and a web server are places of this package;
// other modules bring more. It is safe for concurrent use.
//
// A Place proves nothing: everything that comes from it is checked by others.
type Place interface {
	// Open opens a file. It returns when the first bytes can be read, or
	// promptly when ctx ends, which governs the body too.
	//
	// Errors that the caller looks for: [fs.ErrNotExist] where there is no
	// such file, [ErrNotModified], [ErrChanged], and those of [HTTP].
	Open(ctx context.Context, want Want) (*Found, error)

	// String names the place in messages, without secrets.
	String() string
}

// A Want says which bytes of a place are wanted.
type Want struct {
	// Name is a path relative to the place, as [fs.ValidPath] has it.
	Name string

	// Unless names the version that the caller has: where the file is still
	// that, Open returns [ErrNotModified]. A place that cannot tell may
	// return the file.
	Unless string

	// Offset is where to begin, and Version the version that the bytes before
	// it were of: where the file is another one by now, Open returns
	// [ErrChanged]. A place that cannot begin there begins at 0, and says so
	// in Found.
	Offset  int64
	Version string
}

// A Found is an open file.
type Found struct {
	// Body yields the bytes from Offset on. The caller closes it.
	Body io.ReadCloser

	Offset  int64
	Size    int64  // of the whole file; -1 where the place does not say
	Version string // changes when the file does; "" where the place does not say
}

// ErrNotModified says that a file of a [Place] is still the version that the
// caller has.
var ErrNotModified = errors.New("not modified")

// A Host is where a source's releases are wanted. Each field may be zero.
type Host struct {
	// Installed opens the program that is installed now, for a delta that
	// starts from it.
	Installed func(context.Context) (Installed, error)

	// Scratch is a directory for files that live no longer than a fetch, on
	// the disk of the program. Default: that of the system.
	Scratch string
}

// An Installed is the program that a delta can start from.
type Installed struct {
	io.ReaderAt
	io.Closer
	Size   int64
	Digest release.Digest
}

// HostFetcher is the optional second interface of a source that does with less
// traffic where it knows its host. SetHost is called once, before Init.
type HostFetcher interface {
	Interface
	SetHost(Host)
}

// ErrAgain marks an error after which the same release should be fetched again
// at once: the source goes another way then, such as the whole program instead
// of a delta. A consumer that does not look for it comes back after its
// interval.
var ErrAgain = errors.New("to be fetched again, another way")
