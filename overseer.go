// Package overseer runs a program so that it can be restarted and upgraded
// without losing a request.
//
// It promises:
//
//   - No request is lost. From the first Run to the last stop there is always a
//     process that accepts, and a connection that was accepted is served to its
//     end or to Config.TerminateTimeout.
//   - A bad release cannot take the service down. A new one gets traffic only
//     when it is ready and its probe has passed, and is installed only after it
//     has served its probation; until then the old generation stands by and is
//     put back at once.
//   - Pull the plug anywhere. The installed path always holds one complete
//     binary, the old one or the new one.
//   - One PID. The process that was started stays, and ends as the program ends.
//   - Nothing on the hot path. A connection is the kernel's own: no goroutine
//     for it, and sendfile and splice are kept.
//
// The smallest program:
//
//	func main() {
//		overseer.Run(overseer.Config{
//			Address: ":3000",
//			Program: func(state overseer.State) {
//				state.Serve(&http.Server{Handler: handler})
//			},
//		})
//	}
//
// Send SIGUSR2 to restart it. With a [Config].Fetcher it upgrades itself.
//
// # How it works
//
// The process that calls Run is the master. It binds the addresses and starts
// the same binary again as a worker; there Run calls the program. On a restart
// the master starts the next worker, lets the old one go on until the new one
// accepts, and then has the old one finish what it has. Code before Run runs in
// both, and in a short check that a new release goes through, so keep it short:
// flags and configuration, nothing that opens or locks.
package overseer

import (
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// Run executes overseer: the process ends with the exit code of the program, and
// Run does not return.
//
// Where it cannot supervise (an unsupported system, an address in use, a Config
// that makes no sense) it says why, runs the program directly with a disabled
// [State], in whose Listeners are plain listeners on the same addresses, and
// returns when the program does. With Required, with a Credential and with a
// Command it ends the process with code 1 instead.
func Run(c Config) {
	err := RunErr(c)
	if c.Required || c.Program == nil || c.Credential != nil {
		takeManager().failed(err)
		fmt.Fprintf(os.Stderr, "[overseer] %v\n", err)
		os.Exit(1)
	}
	if !c.NoWarn || c.Debug {
		newLogger(c).Warn("overseer is disabled: the program runs without it", "error", err)
	}
	takeManager().disabled(err)
	c.Program(disabledState(c))
}

// RunErr is Run for programs that handle its errors: where it cannot supervise
// it returns an error and has not run the program. Where it can, it does not
// return: as with Run, the process ends with the exit code of the program.
// Errors that can be matched: [ErrConfig], errors.ErrUnsupported.
func RunErr(c Config) error {
	s, err := c.settle()
	if err == nil && question.Successor {
		err = s.cannotSucceed()
	}
	answer(err)
	if err != nil {
		if isWorker || isSuccessor || isFetchProcess {
			refuse(err)
		}
		return err
	}
	return s.run()
}

// refuse ends a worker that cannot run its program, a successor that cannot go
// on, a fetch process that cannot serve, or a check that cannot be answered.
// Returning would have the program run without the master, as a second service
// beside the first.
func refuse(err error) {
	fmt.Fprintf(os.Stderr, "[overseer] %v\n", err)
	os.Exit(1)
}

// Restart programmatically triggers a graceful restart. If NoRestart is set, it
// is a graceful shutdown. It returns at once; asking again while a restart is
// under way makes one more, however often it is asked. Where overseer is
// disabled it does nothing.
func Restart() { restart(false) }

// ForceRestart is Restart also where NoRestart is set.
func ForceRestart() { restart(true) }

// SanityCheck answers the check that a master makes of a new binary before it
// runs it: if this process is such a check, SanityCheck answers and ends it with
// code 0. Run does this by itself; a program whose main takes long before Run
// calls it earlier.
func SanityCheck() {
	if !question.Successor {
		answer(nil) // a successor has its configuration looked at too
	}
}

// question is what a master asks of this process. It is taken before any code of
// the program's own runs, so that nothing the program starts can have it.
var question = takeQuestion()

func takeQuestion() handover.Question {
	if setID { // looked at first, and nobody's question is answered
		return handover.Question{}
	}
	return handover.TakeQuestion()
}

// answer ends a process that was started to be asked: it must not run its
// program. config is what is wrong with the configuration, or nil; of a successor
// also what keeps it from going on.
func answer(config error) {
	if asked, err := question.Answer(config); asked {
		if err != nil {
			refuse(err)
		}
		os.Exit(0)
	}
	if question.Token != "" {
		fmt.Fprint(os.Stdout, question.Token)
		os.Exit(0)
	}
}

// IsSupported returns whether overseer is supported on the current system:
// Linux, macOS and the BSDs. Elsewhere Run runs the program directly.
func IsSupported() bool { return supported }
