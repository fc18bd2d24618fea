package loadtest

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// lines is the dialect of RawTCP.
type lines struct{}

func (lines) request(client int, n int64) []byte {
	return fmt.Appendf(nil, "client %d line %d\n", client, n)
}

// answer wants the line that was sent; what stands before it is the version.
// The reader's buffer bounds the line.
func (lines) answer(l *link, request []byte) (answer, *Failure) {
	if _, err := l.in.Peek(1); err != nil {
		return answer{}, unanswered("wait for the echo", l.served, err)
	}
	line, err := l.in.ReadSlice('\n')
	if err != nil {
		return answer{}, unfinished("read the echo", err)
	}
	sent := bytes.TrimSuffix(request, []byte("\n"))
	got := bytes.TrimRight(line, "\r\n")
	before, ok := bytes.CutSuffix(got, sent)
	if !ok {
		return answer{}, failed(Other, "read the echo", fmt.Errorf("%w: sent %q, got %q", errEcho, sent, got))
	}
	return answer{version: version(before), bytes: int64(len(line)), counted: time.Now()}, nil
}

var errEcho = errors.New("the line is not the one that was sent")
