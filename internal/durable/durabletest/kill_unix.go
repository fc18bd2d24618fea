//go:build unix

package durabletest

import (
	"os"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// Kill ends this process by SIGKILL before step n. Nothing is tidied up.
func Kill(n int) Fault {
	return func(at int, _ durable.Step) error {
		if at == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // to itself: it cannot fail
			select {}
		}
		return nil
	}
}
