package demo

import (
	"bufio"
	"encoding/json"
	"io"
	"time"
)

// An event is one record of the service's log. The keys are those that
// overseer.Config.Logger promises, and the service's own.
type event struct {
	Time       time.Time `json:"time"`
	Level      string    `json:"level"`
	Kind       string    `json:"msg"`
	Generation int       `json:"generation"`
	Release    string    `json:"release"` // the first digits of the digest
	Reason     string    `json:"reason"`
	Output     string    `json:"output"`
	Error      string    `json:"error"`
	Address    string    `json:"address"` // with messageServing
	Version    string    `json:"version"` // with messageServing
}

// The kinds of event that the demo goes by.
const (
	kindStarting   = "starting"
	kindLive       = "live"
	kindTrial      = "trial"
	kindCommitted  = "committed"
	kindFailed     = "failed"
	kindExited     = "exited"
	kindRolledBack = "rolled back"
	kindGone       = "gone"
	kindStopping   = "stopping"
)

// maxRecord bounds one line of the log.
const maxRecord = 1 << 20

// readEvents reads the log to its end and sends it to events, until quit is
// closed; from then on it drops what it reads, so that the writer never waits. A
// line that is no record is sent as one of an unknown kind.
func readEvents(log io.Reader, events chan<- event, quit <-chan struct{}) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxRecord)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = event{Kind: lines.Text()}
		}
		select {
		case events <- e:
		case <-quit:
		}
	}
	io.Copy(io.Discard, log) // behind a line that was too long
}
