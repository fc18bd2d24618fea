package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/seed-3d078585/overseer/admin/cli"
)

// runFlags are the settings as flags; their names are the keys of the file.
var runFlags = []struct{ name, usage string }{
	{"listen", "`ADDRESS` to listen on: :8080, 127.0.0.1:8080, unix:///run/app.sock, udp://:53, or with a name for LISTEN_FDNAMES, http=:8080; may be given several times. The program has them as descriptors 3, 4, … in this order"},
	{"non-blocking", "hand the sockets over in non-blocking mode"},
	{"dir", "working `DIRECTORY` of the program"},
	{"env", "`NAME=VALUE` for the program's environment; may be given several times"},
	{"user", "`NAME` or number of the user that the program runs as, which must be root's to choose"},
	{"group", "`NAME` or number of the group (default: that of the user)"},
	{"pid-file", "`FILE` for the number of this process, which stays the same"},
	{"ready", "`WHAT` makes the program ready: notify (it says READY=1 at NOTIFY_SOCKET), probe (the probe passes), or a time such as 2s that it has run for (default: probe where there is one, else 1s)"},
	{"ready-timeout", "`TIME` from the start of a program until it is ready and its probe has passed, and for the rehearsal of a release (default 1m)"},
	{"probe", "`PATH` of an HTTP request that must be answered by a 2xx, or tcp, for a connection that must be accepted"},
	{"probe-interval", "`TIME` between two probes of a release on trial (default 1s)"},
	{"private-probe", "hand over one more socket, the last, named probe, on which the program must serve as on the others; it is where each generation is probed"},
	{"drain-by", "`SIGNAL` that has the program finish its requests and end (default SIGTERM)"},
	{"terminate-timeout", "`TIME` for that; then it is killed (default 30s)"},
	{"standby-by", "`SIGNAL` that has the program stop accepting, while a new release is on trial"},
	{"resume-by", "`SIGNAL` that has it accept again"},
	{"restart-by", "`SIGNAL` to this process that asks for a restart (default SIGUSR2)"},
	{"sequential", "end the old program before the new one starts; clients wait meanwhile"},
	{"keep-alive", "`WHEN` a program that ended is started again: never, on-failure or always (default never)"},
	{"capture-stderr", "keep the last lines of the program's standard error, for the report of a crash"},
	{"fetch", "`URL` of a manifest of releases, as overseer release makes them"},
	{"fetch-file", "`FILE` that is taken as a new release each time it changes"},
	{"fetch-interval", "`TIME` between two looks (default 5m, of a file 1s)"},
	{"key", "public `KEY`, or a file with one, that releases are signed with; may be given several times, and any of them will do"},
	{"product", "`NAME` of the product in the manifest"},
	{"channel", "`NAME` of the channel in the manifest (default stable)"},
	{"insecure", "take releases without a signature"},
	{"home", "`DIRECTORY` of directory releases: the program runs in the tree that its link current names, and an upgrade points the link elsewhere"},
	{"exec-file", "`FILE` that a release replaces, and that is one of the program's arguments: a script, a .jar (default: the program itself). With --home it is relative to the tree"},
	{"state-dir", "`DIRECTORY` of staged releases and records (default: .NAME.overseer beside the program)"},
	{"check", "`ARGUMENT` of a first check of a release, which must exit with code 0; may be given several times"},
	{"no-rehearsal", "do not run a release on private sockets before its trial"},
	{"probation", "`TIME` that a release must serve well, with the one before beside it, before it is installed (default 10s; 0: none)"},
	{"debug", "log everything that is decided"},
}

const runAbout = `overseer run: run a program of any language, restart and upgrade it without losing a request

Usage:
  overseer run --listen ADDRESS [--probe PATH] [--fetch URL --key KEY --product NAME] [--] PROGRAM [ARGUMENT...]
  overseer run -f FILE

This process keeps the sockets. The program gets them as from systemd: they are the
descriptors from 3 on, LISTEN_FDS says how many. SIGUSR2 restarts it: a new one is
started beside the old one, and when it is ready the old one gets SIGTERM, to finish
what it has. A new release is checked, run on private sockets, run beside the old
program on trial, and installed only then; if it fails, the old one goes on.

SIGTERM ends the program and this process. docs/run.md is the guide.

Flags:
`

const runMore = `
Examples:
  overseer run --listen :8000 --ready notify --probe / -- gunicorn -w 4 app:app
  overseer run --listen :3000 --probe /healthz --exec-file /srv/server.js -- node /srv/server.js
  overseer run --listen :8080 --fetch https://releases.example.com/stable.json --key release.pub --product app -- /srv/app
  overseer run -f /etc/app.toml --check-config

Exit codes:
  the program's; 128 and a signal's number where that ended it
  1  it could not be started, and says why
  2  the command line or the file makes no sense
`

// runHelp writes the page of overseer run.
func runHelp(w io.Writer) {
	fmt.Fprint(w, runAbout)
	newRunLine().flags.VisitAll(func(f *flag.Flag) { cli.WriteFlag(w, f) })
	fmt.Fprint(w, runMore)
}
