package overseer

import (
	"log/slog"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
	"github.com/seed-3d078585/overseer/trust"
)

// Defaults of [Config].
const (
	DefaultTerminateTimeout = 30 * time.Second
	DefaultMinFetchInterval = time.Second
	DefaultReadyTimeout     = time.Minute
	DefaultProbation        = 10 * time.Second
	DefaultProbeInterval    = time.Second
	DefaultQuarantine       = 24 * time.Hour
)

// Config defines overseer's run-time configuration. Program, or Command, is the
// only field that has to be set.
type Config struct {
	// Required will prevent overseer from falling back to running the program
	// in the main process where it cannot supervise it. Run then ends the
	// process with code 1 and says why.
	Required bool

	// Program is the program's main function. It runs in a process of its own,
	// on the goroutine that called Run. When it returns of its own accord that
	// process exits with code 0 at once; when it returns during a drain, the
	// process stays until the connections that were accepted are finished.
	Program func(state State)

	// Command runs a program of any language in place of Program (set one of
	// the two).
	Command *Command

	// Address is the program's listening address (set this or Addresses).
	Address string

	// Addresses are the program's listening addresses (set this or Address).
	// Each is one of
	//
	//	:3000  127.0.0.1:0  [::1]:80  localhost:http   TCP
	//	tcp://…  tcp4://…  tcp6://…                    the same, the family chosen
	//	udp://…  udp4://…  udp6://…                    datagrams: see State.PacketConns
	//	unix:///run/app.sock?mode=0660                 a unix socket; the mode may be left out
	//	unix://@name                                   an abstract one, on Linux
	//	systemd:web                                    the socket of that name, from a .socket unit
	//
	// With port 0 the system chooses one, once; State.Addresses shows it. A
	// unix socket is removed at the end of the master and only then; one that
	// an earlier process left behind is replaced where nobody answers on it.
	//
	// A socket that systemd has left to the process (LISTEN_FDS) is taken by the
	// entry whose address it is bound to, in place of binding another one, or by
	// its name: FileDescriptorName= of the .socket unit. See docs/systemd.md.
	Addresses []string

	// RestartSignal asks for a graceful restart. Default: SIGUSR2.
	RestartSignal os.Signal

	// TerminateTimeout bounds the drain of a generation: what it has accepted
	// is served for so long, then its connections are closed, then its process
	// is killed. Default: 30 s. A positive value below 1 ms is taken for a
	// slip (60 for 60*time.Second): it is warned about, and the default holds.
	TerminateTimeout time.Duration

	// MinFetchInterval is the least time between two calls of Fetch. Failures
	// in a row make it longer, up to 5 minutes. Default: 1 s.
	MinFetchInterval time.Duration

	// PreUpgrade is called with the staged file of a new release, after its
	// preflight and before its trial. An error refuses the release. The same
	// one is put before PreUpgrade again after 1 minute, then after twice as
	// long each time, up to 1 hour; a different one as soon as it is fetched.
	// PreUpgrade runs in the master; it may take its time, and a panic counts
	// as an error.
	PreUpgrade func(tempBinaryPath string) error

	// Debug enables all logs, NoWarn disables warnings. Both have a meaning
	// only where Logger is nil.
	Debug  bool
	NoWarn bool

	// NoRestart disables all restarts: the RestartSignal and Restart stop the
	// program gracefully, and a new release is installed after its preflight,
	// with no trial, for the next start. It is meant for tools that upgrade
	// themselves.
	NoRestart bool

	// NoRestartAfterFetch disables the automatic restart after a fetch: a new
	// release waits, and has its trial at the next restart that is asked for.
	NoRestartAfterFetch bool

	// Fetcher brings new releases; see package fetcher. Nil: no upgrades.
	Fetcher fetcher.Interface

	// ExecFile is the path of the program's binary. Empty: the running one. It
	// is made absolute once. A symbolic link is kept and followed anew at each
	// start, so pointing it elsewhere and asking for a restart starts the new
	// target; an upgrade replaces the file that it points to. It may be
	// another program than the master, if that one calls Run too. With Command
	// it is the file of Command.Args that is upgraded: see there.
	ExecFile string

	// Logger takes what the master has to say, with stable keys (generation,
	// release, pid, reason, output). Default: lines on standard error, from
	// warnings on.
	Logger *slog.Logger

	// ReadyTimeout bounds the time from the start of a generation until it is
	// ready and its probe has passed; one that takes longer is given up. The
	// very first generation is left alone: there is nothing better. Default:
	// 1 minute.
	ReadyTimeout time.Duration

	// Probation is how long a new release serves while the generation before
	// it stands by, paused and ready to be put back. Only then is the release
	// installed. Default: 10 s. Negative: none. A restart of the same binary
	// has no probation.
	Probation time.Duration

	// Probe asks a new generation whether it serves well before it gets any
	// public traffic, and once each ProbeInterval during its probation, which
	// does not end before one has passed. See package probe. Nil: none.
	Probe probe.Probe

	// ProbeInterval is the time between two probes. Default: 1 s.
	ProbeInterval time.Duration

	// Sequential ends the old generation before the new one starts, for
	// programs that hold something exclusive. The sockets stay open, so
	// clients wait and are not refused. Programs without addresses restart
	// like this unless Overlap is set.
	Sequential bool

	// Overlap starts the new generation of a program without addresses while
	// the old one still runs.
	Overlap bool

	// KeepMaster has the master go on with the code and the Config that it was
	// started with. Default: once a release is installed, or a restart has found
	// another binary, the master is replaced by it, in the same process and
	// with all connections kept, so that its Config takes effect. That is done
	// on Linux only, and where the program is not another one than the master.
	KeepMaster bool

	// StateDir holds the staged releases, the previous binary, the boot record
	// and the quarantine. It must be on the binary's filesystem to stage
	// there, and belong to this user alone. Default: ".NAME.overseer" beside
	// the binary. It is made at the start where it is set or there is a
	// Fetcher. The events of the master are kept there too, and its socket.
	StateDir string

	// Credential runs workers, and the preflight of a new release, as another
	// user, who can neither bind what is the master's to bind nor replace the
	// binary. It needs a master that is root, or that is this user already. A
	// worker has no capabilities, no group but those of the Credential and,
	// unless allowed, no way to gain any right; HOME, USER and LOGNAME are the
	// user's, all else of the environment is the master's. Run refuses a user
	// who may not execute the binary, or who may write to it or to a directory
	// on the way to it. With a Credential the program is never run in the main
	// process, as if Required were set: it would have the master's rights
	// there. Config's hooks run in the master, and so does all code of an
	// installed release before Run, as root. Nil: workers are of the master's
	// user.
	Credential *Credential

	// PIDFile is where the master writes its process ID, once it has bound its
	// addresses; it stays the same over restarts and upgrades. The file is
	// locked by flock(2) for the master's life, so a second master with the
	// same one ends with an error, and it is removed at the end; one that a
	// dead master has left behind is replaced. Its directory should be
	// writable by the master's user alone. A relative path is made absolute.
	// Where overseer is disabled none is written. Empty: none.
	PIDFile string

	// Trust decides which fetched bytes may run; see package trust. The usual
	// one is trust.Minisign(key).For(product, channel), with a
	// fetcher.Manifest. A mistake in its settings ends the start. Nil means
	// trust.Insecure: whoever can answer for the source decides. Run warns of
	// that once where the source is remote.
	Trust trust.Policy

	// IsolateFetch says whether releases are fetched and verified in a process
	// of their own, so that no panic, no fatal error, no lack of memory and no
	// hole in a parser there can reach the master. Default: IsolateRemote, that
	// is where Fetcher is a fetcher.HTTP, fetcher.Github or fetcher.Manifest
	// with an http or https URL, with no Place and no transport of another type
	// than http.Transport, and Trust is nil, trust.Insecure or trust.Minisign or
	// trust.Root. Others may share something with the master, or read files that
	// another user may not; they stay there unless IsolateAlways moves them.
	//
	// The fetch process is this program, started again with the same arguments.
	// It goes as far as Run, gives up its rights (where the master is root it
	// becomes user and group 65534), and then runs Fetcher.Init, Fetch, and
	// Trust, and nothing else of the Config. It is started again when it ends,
	// so what Fetcher keeps in memory may be forgotten between two calls of
	// Fetch. The master takes the bytes and hashes them itself; signatures, of
	// trust.Minisign and trust.Root, it checks once more. PreUpgrade, staging
	// and the preflight are the master's too. docs/isolation.md says what that
	// guards against, and what not.
	IsolateFetch Isolation

	// Quarantine is how long a release that failed is not tried again by a
	// master that starts later. The one that saw it fail never tries it again.
	// Default: 24 h.
	Quarantine time.Duration

	// KeepAlive starts a program that ended by itself again. Default: Never,
	// the end of the program is the end of the master.
	KeepAlive KeepAlive

	// MayRestart is asked before a restart that nobody asked for: the one that
	// gives a fetched release its trial. False puts it off; it is asked again
	// each second. It is not asked for a restart by signal or by Restart, and
	// if it panics the release waits for one. Nil: always.
	MayRestart func(Upgrade) bool

	// Admin is by what the master can be seen and steered while it runs. The zero
	// value is a unix socket for root and the master's own user.
	Admin Admin

	// OnEvent is told each event of the master, one at a time and in order, in
	// the master. It may take its time; one that is a thousand events behind
	// misses some, and the log says so. Where the master is replaced while it
	// runs, it is told that event again. A panic is logged.
	OnEvent func(Event)

	// OnCrash is told of each generation that ended although nobody asked it
	// to, in the master, while that goes on.
	OnCrash func(Crash)
}

// KeepAlive says when a program that ended by itself is started again. The
// first time it waits 100 ms, then twice as long each time, up to 30 s; after
// a minute of life it starts from 100 ms again.
type KeepAlive int

// The policies of [Config].KeepAlive.
const (
	Never     KeepAlive = iota // the end of the program is the end of the master
	OnFailure                  // started again unless it exited with code 0
	Always                     // started again whatever its exit code
)

// An Upgrade is a release that waits for its trial.
type Upgrade struct {
	Digest string // SHA-256 of its binary, in hexadecimal
}

// A Crash is the end of a generation that nobody asked for.
type Crash struct {
	Generation int
	Digest     string // SHA-256 of its binary, in hexadecimal
	ExitCode   int    // where it exited by itself
	Signal     int    // number of the signal that ended it, else 0
	Output     string // the beginning of its panic, else its last lines on standard error
}
