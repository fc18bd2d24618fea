package probe

import (
	"crypto/tls"
	"net/http"
)

// An Option changes what [HTTP] asks and which answer passes.
type Option func(*question)

// Host sets the Host header, and the name asked for in TLS where the
// configuration given to [TLS] has none. The default is the host and port of
// the listener's address, and "localhost" for an address without a host.
func Host(host string) Option {
	return func(q *question) { q.host = host }
}

// Header adds a header to the request. It may be given more than once.
func Header(key, value string) Option {
	return func(q *question) { q.header.Add(key, value) }
}

// Status replaces the rule which status codes pass. The default is any 2xx.
func Status(passes func(code int) bool) Option {
	return func(q *question) { q.passes = passes }
}

// TLS speaks TLS on the connection, for a server that does so on the listener.
// A configuration is used as it is given, but for the application protocol,
// which is HTTP/1.1.
//
// With nil no certificate is verified. Verification guards against somebody
// in between, and on a private connection there is nobody: both ends are held
// by the master and by the process that it started itself. The certificate
// names the public service, which the master does not know, and a certificate
// about to be renewed must not hold up the release that renews it.
func TLS(config *tls.Config) Option {
	return func(q *question) {
		if config == nil {
			config = &tls.Config{InsecureSkipVerify: true}
		}
		q.tls = config.Clone()
		q.tls.NextProtos = []string{"http/1.1"}
	}
}

// question is what HTTP asks; it does not change once HTTP has returned.
type question struct {
	path   string
	host   string
	header http.Header
	passes func(code int) bool
	tls    *tls.Config
}

func newQuestion(path string, opts []Option) *question {
	q := &question{
		path:   path,
		header: http.Header{"User-Agent": {"overseer-probe"}},
		passes: func(code int) bool { return code >= 200 && code <= 299 },
	}
	for _, opt := range opts {
		opt(q)
	}
	return q
}
