//go:build unix

package runfile

import (
	"os"

	"golang.org/x/sys/unix"
)

func signalNamed(name string) os.Signal {
	if n := unix.SignalNum(name); n != 0 {
		return n
	}
	return nil
}
