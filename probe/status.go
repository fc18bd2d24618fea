package probe

import (
	"fmt"
	"net/http"
	"strings"
)

// A StatusError is the answer of a program that was asked and said no.
type StatusError struct {
	Code int    // the HTTP status code
	Body string // the first lines of the body, 300 bytes at most
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("the program answered %d %s", e.Code, http.StatusText(e.Code))
	if e.Body != "" {
		text += fmt.Sprintf(": %q", e.Body)
	}
	return text
}

// firstLines keeps what an operator reads at a glance: three lines.
func firstLines(body []byte) string {
	lines := strings.SplitN(strings.TrimSpace(string(body)), "\n", 4)
	if len(lines) > 3 {
		lines = lines[:3]
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
