package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"github.com/seed-3d078585/overseer/admin"
)

// Exit codes of all commands.
const (
	ExitDone       = 0 // done; or there was nothing to do
	ExitFailed     = 1 // it failed, and says why
	ExitUsage      = 2 // the command line makes no sense
	ExitNotFound   = 3 // no such process, no such release
	ExitConflict   = 4 // it cannot be done now, and says why
	ExitTimeout    = 5 // waiting has ended; what was ordered may still happen
	ExitNotAllowed = 6 // this user may not
)

const exitCodes = `Exit codes:
  0  done; or there was nothing to do
  1  it failed, and says why
  2  the command line makes no sense
  3  not found: no such process, or several and none was named; no such release
  4  refused: it cannot be done now, and says why
  5  waiting has ended; what was ordered may still happen
  6  not allowed
`

var (
	errHelp  = errors.New("help is asked for")
	errUsage = errors.New("usage")

	// errTimeout is the end of waiting for what was ordered.
	errTimeout = errors.New("not waited for any longer")
)

// Usage is an error about the command line.
func Usage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// ExitCode returns the exit code that an error of a command stands for.
func ExitCode(err error) int {
	var conflict *admin.Conflict
	var status *admin.StatusError
	var lost *lostError
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, errUsage):
		return ExitUsage
	case errors.As(err, &lost), errors.Is(err, admin.ErrNotFound):
		return ExitNotFound
	case errors.As(err, &conflict):
		return ExitConflict
	case errors.Is(err, errTimeout), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return ExitTimeout
	case errors.As(err, &status) && status.Code == http.StatusGatewayTimeout:
		return ExitTimeout
	case errors.As(err, &status) && (status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden),
		errors.Is(err, fs.ErrPermission):
		return ExitNotAllowed
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return ExitNotFound
	}
	return ExitFailed
}

// explained adds what to do next to an error of the connection.
func (k *Call) explained(err error) error {
	where := k.shown
	var request *url.Error
	if errors.As(err, &request) && where != "" {
		err = request.Err // without the address of the request, which is none of a socket
	}
	switch {
	case errors.Is(err, errUsage) || where == "":
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody answers at %s: the process that made it has ended (%w)", where, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no %s: the service does not run, or keeps its state elsewhere (%w); --pid and --name look for it", where, err)
	case ExitCode(err) == ExitNotAllowed && k.place.URL == "":
		return fmt.Errorf("%s is for root and the user of the service alone; try sudo (%w)", where, err)
	case ExitCode(err) == ExitNotAllowed:
		return fmt.Errorf("%s does not take this token or certificate (%w); --token-file names a file with the right one", where, err)
	}
	return err
}

// A failure is what --json writes where a command has failed.
type failure struct {
	Error string `json:"error"`
	Exit  int    `json:"exit"`
}

// fail says why a command did not do what it should, and returns its code.
func (k *Call) fail(err error) int {
	code := ExitCode(err)
	err = k.explained(err)
	if errors.Is(err, errSaid) {
		return code
	}
	if k.JSON {
		_ = k.writeJSON(failure{Error: err.Error(), Exit: code}) // the code says it too
	}
	fmt.Fprintf(k.Stderr, "%s %s: %s\n", k.Program, k.command.Name, clean(err.Error()))
	if code == ExitUsage {
		fmt.Fprintf(k.Stderr, "%s help %s says more\n", k.Program, k.command.Name)
	}
	return code
}

// errSaid is what a command ends with that has said itself what is wrong.
var errSaid = errors.New("said")
