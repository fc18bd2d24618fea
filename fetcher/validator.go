package fetcher

import (
	"net/http"
	"strings"
	"time"
)

// A validator is what a server says about the identity of its bytes.
type validator struct {
	etag         string
	lastModified string
	header       http.Header // the whole, for the names in CheckHeaders
}

func validatorOf(header http.Header) validator {
	return validator{
		etag:         header.Get("ETag"),
		lastModified: header.Get("Last-Modified"),
		header:       header.Clone(),
	}
}

// offered reports whether the server can answer a conditional request at all.
func (v validator) offered() bool { return v.etag != "" || v.lastModified != "" }

// conditions ask the server to answer 304 where it has nothing new.
func (v validator) conditions() http.Header {
	h := http.Header{}
	if v.etag != "" {
		h.Set("If-None-Match", v.etag)
	}
	if v.lastModified != "" {
		h.Set("If-Modified-Since", v.lastModified)
	}
	return h
}

// same reports whether an answer is of the bytes that v is of, as far as the
// server's validators tell: it knows servers that ignore a condition.
func (v validator) same(now http.Header) bool {
	if v.etag != "" || now.Get("ETag") != "" {
		return v.etag != "" && strings.TrimPrefix(v.etag, "W/") == strings.TrimPrefix(now.Get("ETag"), "W/")
	}
	return v.lastModified != "" && v.lastModified == now.Get("Last-Modified") &&
		v.header.Get("Content-Length") == now.Get("Content-Length")
}

// sameHeaders reports whether all the named headers that both answers state
// are equal, and there is at least one.
func (v validator) sameHeaders(now http.Header, names []string) bool {
	compared := 0
	for _, name := range names {
		then, now := v.header.Get(name), now.Get(name)
		if then == "" || now == "" {
			continue
		}
		if then != now {
			return false
		}
		compared++
	}
	return compared > 0
}

// ifRange is what proves, byte for byte, that a range is of the same bytes:
// a strong ETag, or a date that is old enough to be one (RFC 9110, 8.8.2.2:
// the bytes may change twice within a second). Empty where there is neither.
func (v validator) ifRange() string {
	if v.etag != "" {
		if strings.HasPrefix(v.etag, "W/") {
			return ""
		}
		return v.etag
	}
	modified, err := http.ParseTime(v.lastModified)
	if err != nil {
		return ""
	}
	sent, err := http.ParseTime(v.header.Get("Date"))
	if err != nil || sent.Sub(modified) < time.Second {
		return ""
	}
	return v.lastModified
}
