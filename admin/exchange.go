package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A StatusError is an answer that has no meaning of its own in this package.
type StatusError struct {
	Code    int    // of HTTP
	Message string // what the server says, or the name of the code
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s (HTTP %d)", e.Message, e.Code) }

// request makes a request; body is sent as JSON where it is not nil.
func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	if c.wrong != nil {
		return nil, c.wrong
	}
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// do sends a request and reads its answer, which has to have the given code.
func (c *Client) do(req *http.Request, want int, into any) error {
	resp, err := c.send(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("answer to %s %s: %w", req.Method, req.URL.Path, err)
	case len(body) > maxAnswer:
		return fmt.Errorf("answer to %s %s: more than %d bytes", req.Method, req.URL.Path, maxAnswer)
	case resp.StatusCode != want:
		return errorOf(resp.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("answer to %s %s: %w: is this the socket of a master?", req.Method, req.URL.Path, err)
	}
	return nil
}

// send sends a request. Its error says what could not be reached, without the URL
// that stands for the socket.
func (c *Client) send(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(req)
	var of *url.Error
	if errors.As(err, &of) {
		return nil, of.Err
	}
	return resp, err
}

// errorOf makes an error of an answer.
func errorOf(code int, body []byte) error {
	var f failure
	if json.Unmarshal(body, &f) != nil || f.Error == "" {
		f.Error = "the answer is " + strings.ToLower(http.StatusText(code))
	}
	switch code {
	case http.StatusConflict:
		return &Conflict{Reason: f.Error, Passing: f.Passing}
	case http.StatusNotFound:
		return as(ErrNotFound, f.Error)
	case http.StatusGone:
		return as(ErrBehind, f.Error)
	}
	return &StatusError{code, f.Error}
}

// as returns an error that matches one and says what the server said.
func as(match error, message string) error {
	if message == match.Error() {
		return match
	}
	return &said{match, message}
}

type said struct {
	match   error
	message string
}

func (s *said) Error() string        { return s.message }
func (s *said) Is(target error) bool { return errors.Is(s.match, target) }
