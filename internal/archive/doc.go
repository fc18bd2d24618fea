// Package archive reads the archive of a directory release, a tar or a zip, and
// puts it on the disk.
//
// Its promises:
//
//   - Nothing is written outside of the directory that was named, whatever the
//     archive says: names are held to rules first, and every file is made
//     through an [os.Root] second.
//   - Nothing that comes out leads outside: a symbolic link leads to a place in
//     the tree, a hard link to a file that came before it, and nothing is put
//     behind a link.
//   - What two readers might understand differently is refused: a name that is
//     there twice, also where only the case differs, a file where a directory
//     must be, devices, pipes, sockets, sparse files.
//   - What comes out is nobody's but the user's whose process this is: no
//     set-id bits, nothing that others may write.
//   - Bytes, entries, depth and names are bounded, and reaching a bound is an
//     error.
//   - Nothing is relied on before it is flushed: the caller flushes the whole
//     tree, see [durable.Disk.SyncTree], before it gives it a name.
//
// Owner, times, extended attributes and file capabilities are not taken from the
// archive.
//
// The smallest use:
//
//	listing, err := archive.Unpack(ctx, durable.Disk{}, file, size, dir, archive.Bounds{})
package archive

import (
	"errors"
	"fmt"
)

// ErrRefused is matched by the errors of an archive that breaks a rule. The
// error says which entry does, and which rule.
var ErrRefused = errors.New("the archive is refused")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}

// Bounds are what an archive must not pass. A zero field is its default.
type Bounds struct {
	Bytes   int64 // of all files together; 4 GiB
	Entries int   // files, links and directories; 100,000
}

func (b Bounds) orDefault() Bounds {
	if b.Bytes <= 0 {
		b.Bytes = 4 << 30
	}
	if b.Entries <= 0 {
		b.Entries = 100_000
	}
	return b
}
