package overseer

import (
	"os"
	"time"
)

// A Command is a program of any language, run in place of [Config].Program. The
// master is the same: sockets, restarts, trial, rollback and quarantine are as
// for a program of this library, and so is every field of Config that is not
// named here. What differs is what one can ask of a program that does not know
// that it is supervised.
//
// The program takes its listening sockets as systemd passes them
// (sd_listen_fds(3)): they are the descriptors from 3 on, in the order of
// Config.Addresses, LISTEN_FDS says how many, LISTEN_FDNAMES what they are
// called, and LISTEN_PID and LISTEN_PIDFDID name the very process. A program
// that wants a number gets 3. It may say READY=1 at NOTIFY_SOCKET
// (sd_notify(3)).
//
// It accepts as soon as it likes. Nobody can hold it back, so a new generation
// serves the public from its start, beside the one before; while a release is on
// trial both serve, unless StandbySignal is set. A release is kept from the
// public until it has proven itself by its rehearsal: see NoRehearsal.
//
// docs/run.md is the guide.
type Command struct {
	// Args are the program and its arguments. Args[0] is a path, or a name that
	// is looked up in PATH, once.
	//
	// Config.ExecFile is what an upgrade replaces. Where it is empty that is the
	// program of Args[0]. Where it is set one of Args must be the same text: the
	// program itself, or what an interpreter runs, as in
	//
	//	ExecFile: "/opt/app.jar", Args: []string{"java", "-jar", "/opt/app.jar"}
	//
	// A release on trial is run with its own path in that place.
	Args []string

	// Home makes releases directory releases: trees of files, side by side in
	// Home/releases, of which the link Home/current names the installed one; an
	// upgrade points it elsewhere. docs/tree.md has the layout, and how such
	// releases are made; Fetcher has to hand archives over as they are, which
	// the sources of package fetcher are told.
	//
	// Each generation runs in the root of its own tree, which is its working
	// directory (Dir must be empty), and what is relative in Args is relative to
	// it. Args[0] may be a program of the tree, as in "bin/server". Where it is
	// none, as in "python3 server.py", Config.ExecFile names a file of the tree,
	// relative to its root, without which a tree is no release. Upgrades keep
	// three trees. Default: releases are single files.
	Home string

	// Env are variables ("NAME=value") that the program gets beside those of the
	// master, or instead of them.
	Env []string

	// Dir is the program's working directory. Default: the master's, or the
	// tree with Home.
	Dir string

	// Names are what LISTEN_FDNAMES calls the sockets, in the order of
	// Config.Addresses. Default: socket0, socket1, …
	Names []string

	// NonBlocking leaves O_NONBLOCK set on the sockets. Default: it is cleared,
	// as by systemd, because a plain accept(2) loop needs that. Servers with an
	// event loop set it themselves. It is done once, at the start: all
	// generations share the flag, so what the program sets stays set.
	NonBlocking bool

	// Ready says what makes a generation ready. Default: [ReadyByProbe] where
	// Config.Probe is set, else [ReadyByTime].
	Ready ReadyBy

	// ReadyAfter is the time for [ReadyByTime]. Default: 1 s.
	ReadyAfter time.Duration

	// PrivateProbe hands over one more socket, behind those of Config.Addresses
	// and counted in LISTEN_FDS, with the name "probe". The program serves on it
	// as on the others; nobody else knows its address, and Config.Probe goes
	// there, so it is this generation that answers. It is for programs that
	// serve on all sockets that they are given, as gunicorn does.
	//
	// Without it a probe connects as a client does. On Linux one that another
	// generation has accepted is closed, unused, and made again, if need be for
	// half of the probe's time; where others accept them all the probe passes.
	// Elsewhere any generation may answer.
	PrivateProbe bool

	// DrainSignal asks the program to finish what it has and to end. What has
	// not ended within Config.TerminateTimeout is killed, with its process
	// group. Default: SIGTERM.
	DrainSignal os.Signal

	// StandbySignal asks the program to stop accepting, and ResumeSignal to
	// accept again, for a program that has such signals; set both or none. They
	// are used while the generation after is on trial. Nil: both serve.
	StandbySignal, ResumeSignal os.Signal

	// Check are arguments with which a new release is run before anything else:
	// it must exit with code 0 within Config.ReadyTimeout. Empty: none.
	Check []string

	// NoRehearsal leaves the rehearsal of new releases out. In a rehearsal the
	// release runs on sockets of its own, which nobody knows; it must become
	// ready there, and pass Config.Probe, within Config.ReadyTimeout. Then it is
	// told to end, and has its trial. A program that must not run twice at a
	// time, or does something at its start that must not be done twice, leaves
	// it out. Config.Sequential leaves it out too.
	NoRehearsal bool

	// CaptureStderr keeps the last lines that the program writes to standard
	// error, for the report of a crash and for Crash.Output. All of them then
	// pass through the master, and one that writes after the master's death gets
	// SIGPIPE. Default: standard error is the master's own. That of a rehearsal
	// is always kept.
	CaptureStderr bool
}

// ReadyBy says what makes a generation of a [Command] ready.
type ReadyBy int

// The ways to be ready.
const (
	ReadyDefault  ReadyBy = iota // see Command.Ready
	ReadyByTime                  // it has run for ReadyAfter
	ReadyByProbe                 // Config.Probe passes; it is tried each 100 ms
	ReadyByNotify                // it has said READY=1 at NOTIFY_SOCKET, on Linux; of others' messages nothing is believed
)

// defaultReadyAfter is documented with Command.ReadyAfter.
const defaultReadyAfter = time.Second
