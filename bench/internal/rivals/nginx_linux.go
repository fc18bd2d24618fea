package rivals

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/bench/contestant"
)

// nginx passes requests on. Its handover is a reload, by SIGHUP, or the upgrade
// of its binary: USR2 to the old master, WINCH and QUIT once the new one
// answers; the old one has to be gone before the next. It runs as a daemon, as a master ignores USR2 for as long as the
// process that has started it lives; the benchmark adopts it.
type nginx struct {
	name   string
	binary bool

	seen
	master int
}

// streams is Debian's module for TCP.
const streams = "/usr/lib/nginx/modules/ngx_stream_module.so"

func (n *nginx) Name() string     { return n.name }
func (n *nginx) Available() error { return found("nginx", "nginx-light") }
func (n *nginx) PID() int         { return n.master }

func (n *nginx) Version() string {
	out, _ := exec.Command("nginx", "-v").CombinedOutput()
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "nginx/")
	return version
}

func (n *nginx) Abilities() contestant.Abilities {
	_, err := os.Stat(streams)
	return contestant.Abilities{Handover: true, Proxy: true, HTTP2: true, TCP: err == nil}
}

// nginxConfig answers with the PID of the worker. worker_shutdown_timeout bounds
// the drain, as overseer's TerminateTimeout does.
const nginxConfig = `%[6]s
daemon on;
pid %[1]s/pid;
error_log %[1]s/error.log;
worker_processes 1; # its PID is the version
worker_shutdown_timeout 5s;
worker_rlimit_nofile 20000;
events { worker_connections 9000; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	keepalive_requests 1000000000;
	keepalive_timeout 60s;
	upstream program { server %[5]s; keepalive 256; keepalive_requests 1000000000; }
	map $http_upgrade $upgrading { default upgrade; "" ""; }
	server {
		listen %[2]s;
		listen %[3]s http2;
		location / {
			proxy_pass http://program;
			proxy_http_version 1.1;
			proxy_set_header Connection $upgrading;
			proxy_set_header Upgrade $http_upgrade;
			proxy_buffering off;
			proxy_hide_header X-Version;
			add_header X-Version $pid;
		}
	}
}
%[7]s
`

func (n *nginx) Start(ctx context.Context, place contestant.Place) (err error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt nginx: %w", err)
	}
	var module, stream string
	if n.Abilities().TCP {
		module = "load_module " + streams + ";"
		stream = fmt.Sprintf("stream { server { listen %s; proxy_pass %s; } }", place.TCP, place.Backend.TCP)
	}
	config := filepath.Join(place.Dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, place.Dir, place.HTTP, place.HTTP2, place.TCP, place.Backend.HTTP, module, stream)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	program, err := exec.LookPath("nginx") // the upgrade starts it by the name that it was started with
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, program, "-p", place.Dir, "-c", config).CombinedOutput()
	if err != nil {
		return fmt.Errorf("start nginx: %w: %s", err, out)
	}
	if err := n.begin(ctx, place, nil); err != nil {
		return errors.Join(err, n.Stop())
	}
	n.master, err = n.readPID("pid")
	return err
}

func (n *nginx) readPID(name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(n.place.Dir, name))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func (n *nginx) Trigger() error {
	if n.binary {
		return syscall.Kill(n.master, syscall.SIGUSR2)
	}
	return syscall.Kill(n.master, syscall.SIGHUP)
}

func (n *nginx) Wait(ctx context.Context) error {
	if err := n.next(ctx); err != nil || !n.binary {
		return err
	}
	old := n.master
	next, err := n.readPID("pid")
	if err != nil {
		return err
	}
	if next == old {
		return errors.New("nginx has no new master")
	}
	n.master = next
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return errors.Join(syscall.Kill(old, syscall.SIGWINCH), syscall.Kill(old, syscall.SIGQUIT), reap(ctx, old, 0))
}

// Stop ends the master, fast; and the one before, where an upgrade was not
// finished.
func (n *nginx) Stop() error {
	var all []error
	for _, name := range []string{"pid.oldbin", "pid"} {
		pid, err := n.readPID(name)
		if errors.Is(err, fs.ErrNotExist) && name != "pid" {
			continue
		}
		if err == nil {
			err = end(pid)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// end ends an adopted process, which is killed where it takes too long.
func end(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return reap(ctx, pid, syscall.SIGKILL)
}

// reap waits for an adopted process. After the time it sends a signal, where
// there is one, as the process was to end long ago.
func reap(ctx context.Context, pid int, last syscall.Signal) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		if err == syscall.ECHILD || got == pid {
			return nil // ECHILD: it has another parent, which waits for it
		}
		if err != nil && err != syscall.EINTR {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if last != 0 {
				syscall.Kill(pid, last)
			}
			return fmt.Errorf("nginx's process %d has not ended: %w", pid, ctx.Err())
		}
	}
}
