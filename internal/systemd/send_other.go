//go:build !linux

package systemd

import (
	"errors"
	"time"
)

func (s *Service) send(string, ...int) error { return errors.ErrUnsupported }

func (s *Service) barrier(time.Duration) error { return errors.ErrUnsupported }

func monotonic() time.Duration { return 0 }
