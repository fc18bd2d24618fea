//go:build !unix

package store

import "errors"

var errTextBusy = errors.New("text file busy")

func isQuota(error) bool { return false }
