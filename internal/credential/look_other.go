//go:build !unix

package credential

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// Look is not possible here.
func Look(userName, group string, groups []string) (*proc.Credential, error) {
	return nil, fmt.Errorf("run as user %q on %s: %w", userName, runtime.GOOS, errors.ErrUnsupported)
}
