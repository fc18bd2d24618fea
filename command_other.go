//go:build !linux

package overseer

// canNotify says that the sender of a message to NOTIFY_SOCKET is known.
const canNotify = false
