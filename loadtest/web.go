package loadtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxHeader = 1 << 20 // of an answer, informational ones included

// web is the dialect of HTTP/1.1. It is not net/http's client, which sends a
// request again when a kept connection fails under it.
type web struct {
	config  *Config
	message []byte
	get     *http.Request
}

func newWeb(c *Config) (*web, error) {
	if !strings.HasPrefix(c.Path, "/") {
		return nil, fmt.Errorf("loadtest: Config.Path is %q: a path begins with a slash", c.Path)
	}
	get, err := http.NewRequest(http.MethodGet, "http://localhost"+c.Path, nil)
	if err != nil {
		return nil, fmt.Errorf("loadtest: Config.Path is %q: %w", c.Path, err)
	}
	get.Host = c.Host
	get.Close = c.Mode == NewConnection
	get.Header = http.Header{"User-Agent": {"overseer-loadtest"}}
	maps.Copy(get.Header, c.Header)
	message, err := encode(get)
	if err != nil {
		return nil, fmt.Errorf("loadtest: Config.Host is %q, Config.Header is %q: %w", c.Host, c.Header, err)
	}
	return &web{config: c, message: message, get: get}, nil
}

// encode returns the request as it is sent. It reads it back, as Write leaves
// out a header that it cannot send, and a load without its credentials would
// measure refusals.
func encode(get *http.Request) ([]byte, error) {
	var message bytes.Buffer
	if err := get.Write(&message); err != nil {
		return nil, err
	}
	sent, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(message.Bytes())))
	if err != nil {
		return nil, err
	}
	for key := range get.Header {
		if sent.Header.Values(key) == nil {
			return nil, fmt.Errorf("the header %q cannot be sent", key)
		}
	}
	return message.Bytes(), nil
}

func (w *web) request(int, int64) []byte { return w.message }

func (w *web) answer(l *link, _ []byte) (answer, *Failure) {
	l.bound(maxHeader)
	defer l.unbound()
	if _, err := l.in.Peek(1); err != nil {
		return answer{}, unanswered("wait for the answer", l.served, err)
	}
	first := time.Now()
	resp, err := w.final(l.in)
	if err != nil && l.broke != nil {
		err = l.broke // half a header line looks malformed to the parser
	}
	if err != nil {
		return answer{}, unfinished("read the header of the answer", err)
	}
	l.unbound()
	a := answer{status: resp.StatusCode, last: resp.Close || w.get.Close}
	if w.config.Mode == Streaming && resp.ContentLength < 0 && !slices.Contains(resp.TransferEncoding, "chunked") {
		return a, failed(Other, "read the body", errEndless)
	}
	body, failure := w.body(resp, &a)
	if failure != nil {
		return a, failure
	}
	a.counted = time.Now()
	if w.config.Mode == Streaming {
		a.counted = first
	}
	a.version = w.version(resp, body)
	if err := w.check(resp, body); err != nil {
		return a, failed(BadStatus, "check the answer", err)
	}
	return a, nil
}

var errEndless = errors.New("it states no length and is not chunked: nothing shows that it is whole")

// final reads past the informational answers.
func (w *web) final(in *bufio.Reader) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(in, w.get)
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
}

// body reads the body to its end, and keeps it where somebody is to see it.
// It is not closed: Close would read on, and it holds nothing but the link.
func (w *web) body(resp *http.Response, a *answer) (kept []byte, failure *Failure) {
	var err error
	if w.config.Check == nil && w.config.VersionOf == nil {
		a.bytes, err = io.Copy(io.Discard, resp.Body)
	} else {
		kept, err = io.ReadAll(io.LimitReader(resp.Body, w.config.MaxBody+1))
		a.bytes = int64(len(kept))
	}
	if err != nil {
		return nil, unfinished(fmt.Sprintf("read the body, %d bytes in", a.bytes), err)
	}
	if kept != nil && a.bytes > w.config.MaxBody {
		return nil, failed(Other, "read the body", fmt.Errorf("it is longer than Config.MaxBody, %d bytes", w.config.MaxBody))
	}
	return kept, nil
}

func (w *web) version(resp *http.Response, body []byte) string {
	if w.config.VersionOf != nil {
		return version([]byte(w.config.VersionOf(body)))
	}
	return version([]byte(resp.Header.Get(w.config.VersionHeader)))
}

func (w *web) check(resp *http.Response, body []byte) error {
	if w.config.Check != nil {
		return w.config.Check(resp.StatusCode, resp.Header, body)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("the status is %q", resp.Status)
	}
	return nil
}
