package loadtest

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// From winsock2.h; package syscall has no names for them.
const (
	wsaeMFILE        = syscall.Errno(10024)
	wsaeADDRNOTAVAIL = syscall.Errno(10049)
	wsaeNETRESET     = syscall.Errno(10052)
	wsaeNOBUFS       = syscall.Errno(10055)
	wsaeCONNREFUSED  = syscall.Errno(10061)
)

// look waits for a millisecond at most: a read that is posted here cannot be
// asked without a wait.
func (l *link) look() state {
	return l.idle(context.Background(), time.Now().Add(time.Millisecond))
}

func isRefused(err error) bool { return errors.Is(err, wsaeCONNREFUSED) }

func isReset(err error) bool {
	return errors.Is(err, syscall.WSAECONNRESET) || errors.Is(err, syscall.WSAECONNABORTED) || errors.Is(err, wsaeNETRESET)
}

func isClientLimit(err error) bool {
	return errors.Is(err, wsaeADDRNOTAVAIL) || errors.Is(err, wsaeMFILE) || errors.Is(err, wsaeNOBUFS)
}
