package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An object answers HTTP requests with one object of a bucket, so that a source
// that speaks HTTP needs to know nothing of signatures, regions and host names.
// A request's own URL counts for nothing.
type object struct {
	place   *Place
	key     string
	timeout time.Duration // to the beginning of an answer
}

// passed are the fields of a request that go to the service.
var passed = []string{"Range", "If-None-Match", "If-Modified-Since"}

// RoundTrip implements [http.RoundTripper].
func (o *object) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return nil, fmt.Errorf("%s is not a way to ask for an object", req.Method)
	}
	ask := http.Header{}
	for _, name := range passed {
		if value := req.Header.Get(name); value != "" {
			ask.Set(name, value)
		}
	}
	if proof := req.Header.Get("If-Range"); strings.HasPrefix(proof, `"`) {
		ask.Set("If-Match", proof) // what the protocol has: the rest, or 412
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	late := time.AfterFunc(o.timeout, func() { cancel(errStalled(o.timeout)) })
	raw, header, err := o.place.get(ctx, o.key, ask)
	late.Stop()
	if err != nil {
		defer cancel(nil)
		return o.refused(req, err)
	}
	status := http.StatusOK
	if header.Get("Content-Range") != "" {
		status = http.StatusPartialContent
	}
	res := response(req, status, &ending{raw, func() { cancel(nil) }})
	res.Header = header
	decoded(header)
	if size, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		res.ContentLength = size
	}
	return res, nil
}

// refused makes an answer of the error of one.
func (o *object) refused(req *http.Request, err error) (*http.Response, error) {
	answer, ok := errors.AsType[refusal](err)
	if !ok {
		return nil, err
	}
	res := response(req, answer.StatusCode, io.NopCloser(strings.NewReader(answer.text())))
	if answer.retryAfter != "" {
		res.Header.Set("Retry-After", answer.retryAfter)
	}
	return res, nil
}

func response(req *http.Request, status int, body io.ReadCloser) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: body, ContentLength: -1, Request: req,
	}
}

// ending ends the request with its body.
type ending struct {
	io.ReadCloser
	end func()
}

func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}

// decoded takes aws-chunked out of the Content-Encoding. It says how the object
// was sent when it was uploaded; some services keep it, and send the object as
// it is.
func decoded(header http.Header) {
	var rest []string
	for coding := range strings.SplitSeq(header.Get("Content-Encoding"), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
			rest = append(rest, coding)
		}
	}
	header.Del("Content-Encoding")
	if len(rest) > 0 {
		header.Set("Content-Encoding", strings.Join(rest, ", "))
	}
}
