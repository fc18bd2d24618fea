package overseer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-3d078585/overseer/admin"
)

// An Event is something that the master has decided or learnt: see package admin.
type Event = admin.Event

// Admin is by what a running master is seen and steered: by the command overseer,
// by the page, by [admin.Client]. The zero value is a unix socket that is open to
// root and the master's own user and to nobody else.
type Admin struct {
	// Disabled has no socket opened.
	Disabled bool

	// Socket is the path of the unix socket, which has mode 0600. A relative one
	// is made absolute. Default: admin.sock in the StateDir where that is set or
	// there is a Fetcher, else admin-NAME-PID.sock in the directory for such
	// things: $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/overseer, /run/overseer of
	// root, or overseer-UID in the one for temporary files. Where another master
	// has the name already, admin-PID.sock stands beside it. Where the default
	// cannot be opened, the log says so at level info, and the service goes on
	// without.
	Socket string

	// Address is a TCP address, HOST:PORT, to be reached at too: by a browser,
	// or from another host. It needs a Token or TLS with client certificates,
	// and TLS in any case where it is not loopback. Empty: none.
	Address string

	// Token is what a client has to show at Address. TokenFile is a file with
	// it, read once at the start; use one.
	Token, TokenFile string

	// TLS is for Address. With ClientAuth RequireAndVerifyClientCert and
	// ClientCAs the client's certificate is enough.
	TLS *tls.Config

	// Hosts are the names by which Address may be reached. Addresses, and
	// localhost on loopback, always may.
	Hosts []string
}

// settleAdmin checks what can be checked before anything is opened.
func (s *settled) settleAdmin() error {
	a := &s.Admin
	if a.Socket != "" {
		path, err := filepath.Abs(a.Socket)
		if err != nil {
			return fmt.Errorf("Config.Admin.Socket: %w", err)
		}
		a.Socket = path
	}
	if a.Token != "" && a.TokenFile != "" {
		return errors.New("Config.Admin.Token and TokenFile are both set: use one")
	}
	if a.Address == "" {
		if a.Token != "" || a.TokenFile != "" || a.TLS != nil || len(a.Hosts) > 0 {
			return errors.New("Config.Admin.Address is empty, and Token, TokenFile, TLS and Hosts are for it alone")
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(a.Address); err != nil {
		return fmt.Errorf(`Config.Admin.Address is %q, want HOST:PORT, as in "127.0.0.1:9464"`, a.Address)
	}
	mutual := a.TLS != nil && a.TLS.ClientAuth == tls.RequireAndVerifyClientCert && a.TLS.ClientCAs != nil
	if a.Token == "" && a.TokenFile == "" && !mutual {
		return errors.New("Config.Admin.Address would be open to all: set Token or TokenFile, or TLS with RequireAndVerifyClientCert and ClientCAs")
	}
	return nil
}

// maxToken bounds a file with a token, in bytes.
const maxToken = 4 << 10

// token is what a client has to show.
func (a Admin) token() (string, error) {
	if a.TokenFile == "" {
		return a.Token, nil
	}
	f, err := os.Open(a.TokenFile)
	if err != nil {
		return "", fmt.Errorf("read the token (Config.Admin.TokenFile): %w", err)
	}
	defer f.Close() // only read
	text := make([]byte, maxToken+1)
	n, err := f.Read(text)
	if err != nil || n > maxToken || len(strings.Fields(string(text[:n]))) != 1 {
		return "", fmt.Errorf("read the token (Config.Admin.TokenFile): %q holds no line with one word", a.TokenFile)
	}
	return strings.TrimSpace(string(text[:n])), nil
}
