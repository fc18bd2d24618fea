//go:build unix

package isolate

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUpRights makes this process another user's (0: it stays), with no groups
// but one, and gives up all else that the system lets it. The program has reached
// Run by now, so its own code has read what only the master's user may.
//
// It returns what has not worked and should have.
func giveUpRights(user int) (kept string) {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // the keys of a user's in a file of nobody's: better none
	volunteer()
	if user != 0 && os.Geteuid() == 0 {
		if err := become(user); err != nil {
			kept = err.Error()
		}
	}
	harden()
	return kept
}

// become changes all IDs of all threads, for good: see setresuid(2).
func become(user int) error {
	if err := syscall.Setgroups([]int{user}); err != nil {
		return fmt.Errorf("give up the groups of root (is CAP_SETGID missing, or is this a user namespace?): %w", err)
	}
	if err := syscall.Setgid(user); err != nil {
		return fmt.Errorf("become group %d (is CAP_SETGID missing, or is the group not mapped here?): %w", user, err)
	}
	if err := syscall.Setuid(user); err != nil {
		return fmt.Errorf("become user %d (is CAP_SETUID missing, or is the user not mapped here?): %w", user, err)
	}
	return nil
}
