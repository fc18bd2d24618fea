//go:build !linux

package digests

import (
	"os"
	"time"
)

// A print is what a file would be known by. Here none is.
type print struct{}

func (print) changed() time.Time  { return time.Time{} }
func (print) sameFile(print) bool { return false }

func take(*os.File) (print, bool) { return print{}, false }
