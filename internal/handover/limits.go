package handover

import "time"

const (
	// MaxFrame bounds the JSON of one frame, in bytes.
	MaxFrame = 1 << 20

	// MaxFDs bounds the descriptors of one frame. Linux allows 253 (SCM_MAX_FD).
	MaxFDs = 128

	// SendTimeout bounds the writing of one frame. The other side reads all the
	// time; a peer that does not is stopped, or lost.
	SendTimeout = 10 * time.Second

	// Variable is the environment variable that makes a process a worker. Its
	// value is the numbers of three descriptors, joined by colons: the control
	// socket, the real standard error, and the pipe for the last words of a
	// crash. The second and the third may be empty.
	Variable = "OVERSEER_CONTROL"
)
