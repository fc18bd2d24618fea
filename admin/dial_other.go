//go:build !linux

package admin

import (
	"context"
	"net"
)

// dialUnix connects to a unix socket. A path that is too long is refused by the
// system.
func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", path)
}
