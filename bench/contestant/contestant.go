// Package contestant is what the benchmark can restart: one interface, which
// knows of no way in particular.
//
// # To add your own
//
// Write a type with the methods of [Contestant] and add it to the list in
// internal/rivals/list_linux.go. All it has to do:
//
//   - Start a service on the addresses of its [Place], and return when it
//     answers. What it serves is the program that the Place names (a process of
//     the benchmark's own binary: Place.Command), either by running it or by
//     being a proxy before Place.Backend, which is that program already running.
//   - Have each answer tell, in the header X-Version, which generation gave it.
//     The program does that by itself; a proxy sets the header anew, for
//     instance to the PID of the process that answers.
//   - Trigger asks for a handover and returns; Wait returns when the new
//     generation answers. [Changed] is a Wait for whoever has no better sign.
//   - Stop ends all that Start has started, and waits for it.
//
// The benchmark calls the methods one at a time.
package contestant

import "context"

// A Contestant is one way to serve and to restart.
type Contestant interface {
	// Name is what the page calls it.
	Name() string

	// Available returns why it cannot run on this machine, or nil.
	Available() error

	// Version is that of the software, for the page; "" where there is none.
	Version() string

	// Abilities says what may be asked of it.
	Abilities() Abilities

	// Start returns once the service answers.
	Start(ctx context.Context, place Place) error

	// Trigger asks for a handover, and does not wait for it.
	Trigger() error

	// Wait returns once the handover that was triggered last is so far that a
	// new generation answers, and another one may be triggered.
	Wait(ctx context.Context) error

	// PID is the process that supervises, or that serves where none does.
	PID() int

	// Stop ends it; the contestant may be started anew.
	Stop() error
}

// Abilities are what a contestant can do.
type Abilities struct {
	Handover bool // false: it only serves, as the limit of what is possible
	Proxy    bool // it passes requests on, so its latency is that of two servers
	HTTP2    bool // in clear text, with prior knowledge
	TCP      bool // lines that are echoed
}

// A Place is where a contestant runs.
type Place struct {
	// Dir is a directory of its own. It is removed after Stop.
	Dir string

	// HTTP, HTTP2 and TCP are the addresses to serve at. HTTP and HTTP2 may be
	// the same.
	HTTP, HTTP2, TCP string

	// Lines says that the load will be lines to TCP. HTTP has to answer too.
	Lines bool

	// Backend is the program, running behind proxies.
	Backend Backend

	// Command starts the program. What plays which part is in its environment.
	Command []string
}

// A Backend is where the program answers.
type Backend struct{ HTTP, TCP string }
