package handover

import "time"

// Variables are the names of all variables of the protocols, each with the sign
// that ends it: what is started by a master has those only that it is to have.
func Variables() []string {
	return []string{Variable + "=", FetchVariable + "=", PreflightVariable + "=", OldCheckVariable + "=", StateVariable + "="}
}

const (
	// MaxFrame bounds the JSON of one frame, in bytes.
	MaxFrame = 1 << 20

	// MaxFDs bounds the descriptors of one frame. Linux allows 253 (SCM_MAX_FD).
	MaxFDs = 128

	// SendTimeout bounds the writing of one frame. The other side reads all the
	// time; a peer that does not is stopped, or lost.
	SendTimeout = 10 * time.Second

	// Variable is the environment variable that makes a process a worker. Its
	// value is four numbers, joined by colons: the descriptors of the control
	// socket, of the real standard error, and of the pipe for the last words of
	// a crash, and the signal that asks the master for a restart. All but the
	// first may be empty. NohupWord may follow.
	Variable = "OVERSEER_CONTROL"
)

// StateVariable is the environment variable by which a master hands its state to
// the binary that takes its place: the number of a descriptor to read it from.
// In a process that is asked (see [PreflightVariable]) it is there to be checked
// only.
const StateVariable = "OVERSEER_STATE"
