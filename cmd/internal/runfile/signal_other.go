//go:build !unix

package runfile

import (
	"os"
	"syscall"
)

func signalNamed(name string) os.Signal {
	switch name {
	case "SIGTERM":
		return syscall.SIGTERM
	case "SIGINT":
		return syscall.SIGINT
	}
	return nil
}
