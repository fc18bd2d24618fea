//go:build !linux

package systemd

// Take finds no service manager: systemd is for Linux only.
func Take() (*Service, []Socket, error) { return nil, nil, nil }

// Close does nothing: there are no such descriptors on this system.
func (s Socket) Close() error { return nil }
