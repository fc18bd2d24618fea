package admin

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Bounds are those of a server that a test makes narrower; 0: as it is.
type Bounds struct {
	Header, Body, Master, Write, Heartbeat, Sample, Wrong time.Duration
	Conns, Streams                                        int
}

// Narrow sets bounds before the server is used.
func (s *Server) Narrow(b Bounds) {
	for _, c := range []struct {
		of *time.Duration
		to time.Duration
	}{
		{&s.limits.header, b.Header}, {&s.limits.body, b.Body}, {&s.limits.master, b.Master}, {&s.limits.write, b.Write},
		{&s.limits.heartbeat, b.Heartbeat}, {&s.limits.sample, b.Sample}, {&s.limits.wrong, b.Wrong},
	} {
		if c.to != 0 {
			*c.of = c.to
		}
	}
	if b.Conns != 0 {
		s.limits.conns = b.Conns
	}
	if b.Streams != 0 {
		s.limits.streams = b.Streams
	}
}

// Streams returns how many streams there are.
func (s *Server) Streams() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return len(s.hub.streams)
}

// Routes returns the method and the path of all routes.
func (s *Server) Routes() (all [][2]string) {
	for _, r := range s.table() {
		all = append(all, [2]string{r.method, r.path})
	}
	return all
}

// Check is what Serve refuses.
func (a Access) Check(addr net.Addr) error { return a.check(addr) }

// ReadOrder reads a body as that of each kind of order.
func ReadOrder(body []byte) (all []Order, failed []error) {
	r := &http.Request{Header: http.Header{}, URL: &url.URL{}}
	r.SetPathValue("digest", "0000000000000000000000000000000000000000000000000000000000000000")
	for _, k := range []orderKind{restart, upgrade, unhold, rollback, hold, forget, setLogLevel} {
		q, err := k.read(r, body, time.Unix(0, 0))
		if err != nil {
			failed = append(failed, err)
			continue
		}
		all = append(all, q.order)
	}
	return all, failed
}

// ReadQuery reads what is asked of /v1/events.
func ReadQuery(query, lastEventID string) (after uint64, limit int, err error) {
	a, err := parseAsked(query, lastEventID)
	return a.after, a.limit, err
}

// UserOf names a user as orders do.
func UserOf(uid int) string { return userOf(uid) }

// TraceOf reads a traceparent.
func TraceOf(headers ...string) string { return traceOf(headers) }

// Wire are the types that are on the wire and not exported, by their names in
// openapi.json.
func Wire() map[string]any {
	return map[string]any{"Events": eventList{}, "Lost": lostEvents{}, "Accepted": accepted{}, "Failure": failure{}}
}

// SeekFor has streams of a client give up a master sooner.
func (c *Client) SeekFor(d time.Duration) { c.seekFor = d }

// ReadMessages reads a stream to its end as a client does, and returns how long
// the data of each message is.
func ReadMessages(r io.Reader) (sizes []int, err error) {
	e := eventConn{lines: bufio.NewScanner(r), silent: time.NewTimer(time.Hour)}
	defer e.silent.Stop()
	e.lines.Buffer(nil, maxLine)
	for {
		m, err := e.next()
		if err != nil {
			return sizes, err
		}
		sizes = append(sizes, len(m.data))
	}
}
