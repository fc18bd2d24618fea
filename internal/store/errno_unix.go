//go:build unix

package store

import (
	"errors"
	"syscall"
)

var errTextBusy error = syscall.ETXTBSY

func isQuota(err error) bool { return errors.Is(err, syscall.EDQUOT) }
