package loadtest

import (
	"fmt"
	"net/http"
	"time"
)

// A Mode says how clients use their connections.
type Mode int

const (
	// KeepAlive sends one HTTP request after the other on a connection that
	// each client keeps for as long as the server does.
	KeepAlive Mode = iota

	// NewConnection makes a connection for each HTTP request.
	NewConnection

	// Streaming is KeepAlive for answers that take long. A body must state
	// its length or be chunked, as nothing else shows that it is whole; and
	// the latency is the time to the first byte, as the rest is the
	// program's own pace.
	Streaming

	// RawTCP sends numbered lines to a server that answers each line with the
	// same line, on a connection that each client keeps. What the server puts
	// before the line counts as its version.
	RawTCP
)

var modes = [...]string{"keep-alive", "new-connection", "streaming", "raw-tcp"}

func (m Mode) String() string {
	if m < 0 || int(m) >= len(modes) {
		return fmt.Sprintf("mode(%d)", int(m))
	}
	return modes[m]
}

// A Config says where a [Load] goes and what it is. Address is all it needs.
type Config struct {
	// Network is "tcp" (the default), "tcp4", "tcp6" or "unix".
	Network string

	// Address is "host:port", or the path of a unix socket.
	Address string

	// AllowRemote permits an address that is not on this machine. A load is
	// an attack where it was not asked for. Give an IP address then: of a name
	// with several addresses, the dialer tries one after the other.
	AllowRemote bool

	// Clients is how many clients send at the same time. The default is 8.
	Clients int

	// Mode is how they use their connections. The default is KeepAlive.
	Mode Mode

	// Requests ends the load after so many in all. 0 is no such end.
	Requests int64

	// Think is how long a client pauses between two requests. The default is
	// not at all.
	Think time.Duration

	// RequestTimeout bounds a request from the dial to the last byte of the
	// answer. The default is 30 s.
	RequestTimeout time.Duration

	// Path, Host and Header make the request, which is a GET. The defaults
	// are "/", Address ("localhost" for a unix socket) and none. RawTCP uses
	// none of the three.
	Path   string
	Host   string
	Header http.Header

	// Check says whether a whole answer is a good one. The default asks for a
	// status from 200 to 299. It is called concurrently.
	Check func(status int, header http.Header, body []byte) error

	// VersionHeader names the header that tells which version answered. The
	// default is "X-Version".
	VersionHeader string

	// VersionOf takes the version from the body instead, where it is set. It
	// is called concurrently.
	VersionOf func(body []byte) string

	// MaxBody bounds a body that Check or VersionOf is to see; a longer one is
	// a failure. Without these two, a body of any length is read and dropped.
	// The default is 1 MiB.
	MaxBody int64

	// OnResult is told of each request when it is done, by the goroutine of
	// the client, which sends nothing until OnResult returns. It is called
	// concurrently.
	OnResult func(Result)
}

// A Result is one request that is done.
type Result struct {
	Client  int           // 0 to Config.Clients-1
	Start   time.Time     // when the client set about it
	Latency time.Duration // as in the Report
	Status  int           // 0 where no header came
	Version string        // "" where none was told
	Bytes   int64         // of the body
	Failure *Failure      // nil for a whole and good answer
}

// complete fills in the defaults and refuses what cannot work.
func (c Config) complete() (Config, error) {
	for field, value := range map[string]int64{
		"Clients": int64(c.Clients), "Requests": c.Requests, "Think": int64(c.Think),
		"RequestTimeout": int64(c.RequestTimeout), "MaxBody": c.MaxBody,
	} {
		if value < 0 {
			return c, fmt.Errorf("loadtest: Config.%s is %d: it cannot be negative", field, value)
		}
	}
	if c.Mode < KeepAlive || c.Mode > RawTCP {
		return c, fmt.Errorf("loadtest: Config.Mode is %d: use one of the package's constants", c.Mode)
	}
	if c.Network == "" {
		c.Network = "tcp"
	}
	if c.Clients == 0 {
		c.Clients = 8
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = 30 * time.Second
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.VersionHeader == "" {
		c.VersionHeader = "X-Version"
	}
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Host == "" {
		c.Host = c.Address
		if c.Network == "unix" {
			c.Host = "localhost"
		}
	}
	address, err := c.guard()
	if err != nil {
		return c, fmt.Errorf("loadtest: Config.Address is %q: %w", c.Address, err)
	}
	c.Address = address
	return c, nil
}
