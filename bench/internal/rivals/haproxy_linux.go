package rivals

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/seed-3d078585/overseer/bench/contestant"
)

// haproxy reloads without a loss: its master stays, and the new worker takes the
// sockets from the old one (expose-fd listeners).
type haproxy struct {
	seen
	process *process
}

func (h *haproxy) Name() string     { return "HAProxy, reload" }
func (h *haproxy) Available() error { return found("haproxy", "haproxy") }
func (h *haproxy) PID() int         { return h.process.pid() }

func (h *haproxy) Version() string {
	out, _ := exec.Command("haproxy", "-v").Output()
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return ""
	}
	return fields[2]
}

func (h *haproxy) Abilities() contestant.Abilities {
	return contestant.Abilities{Handover: true, Proxy: true, HTTP2: true, TCP: true}
}

// haproxyConfig answers with the PID of the worker. hard-stop-after bounds the
// drain, as overseer's TerminateTimeout does.
const haproxyConfig = `global
	stats socket %[1]s/s mode 600 level admin expose-fd listeners
	hard-stop-after 5s
	maxconn 5000
defaults
	option http-no-delay
	timeout connect 5s
	timeout client 60s
	timeout server 60s
	timeout tunnel 60s
	timeout http-keep-alive 60s
frontend web
	mode http
	bind %[2]s
	http-response set-header X-Version %%pid
	default_backend program
frontend web2
	mode http
	bind %[3]s proto h2
	http-response set-header X-Version %%pid
	default_backend program
backend program
	mode http
	http-reuse always
	server program %[5]s
frontend lines
	mode tcp
	bind %[4]s
	default_backend echo
backend echo
	mode tcp
	server echo %[6]s
`

func (h *haproxy) Start(ctx context.Context, place contestant.Place) (err error) {
	config := filepath.Join(place.Dir, "haproxy.cfg")
	text := fmt.Sprintf(haproxyConfig, place.Dir, place.HTTP, place.HTTP2, place.TCP, place.Backend.HTTP, place.Backend.TCP)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	h.process, err = start(place.Dir, []string{"haproxy", "-W", "-db", "-f", config, "-p", filepath.Join(place.Dir, "pid")})
	if err != nil {
		return err
	}
	if err := h.begin(ctx, place, h.process.gone); err != nil {
		return errors.Join(err, h.Stop())
	}
	return nil
}

func (h *haproxy) Trigger() error                 { return h.process.signal(syscall.SIGUSR2) }
func (h *haproxy) Wait(ctx context.Context) error { return h.next(ctx) }

// Stop is at once: SIGTERM ends the workers too.
func (h *haproxy) Stop() error { return h.process.stop(syscall.SIGTERM) }
