package handover

import (
	"encoding/json"
	"fmt"
	"time"
)

// The versions of the protocol that this package speaks: the two newest.
const (
	MinVersion = 1
	MaxVersion = 2
)

// A Message is one thing said in the conversation.
type Message interface{ kind() string }

type (
	// Hello is the first message of a worker: it has reached Run. Addresses are
	// those of its configuration, from version 2 on.
	Hello struct {
		Min       int      `json:"min"`
		Max       int      `json:"max"`
		PID       int      `json:"pid"`
		Addresses []string `json:"addresses,omitempty"`
	}

	// Setup tells a worker what it is.
	Setup struct {
		Version          int           `json:"version"`
		Generation       int           `json:"generation"`
		ID               string        `json:"id"`     // SHA-1 of its binary
		Digest           string        `json:"digest"` // SHA-256 of its binary
		BinPath          string        `json:"bin_path"`
		TerminateTimeout time.Duration `json:"terminate_timeout"` // for the case that the master dies
	}

	// Sockets brings some of the sockets, in the order of the configuration,
	// with one descriptor each.
	Sockets struct {
		Sockets []Socket `json:"sockets"`
	}

	// Begin says that the worker has all its sockets: the program may run.
	Begin struct{}

	// Accepting says on which sockets the program has called Accept for the
	// first time.
	Accepting struct {
		Sockets []int `json:"sockets"`
	}

	// Ready says that the program has called State.Ready.
	Ready struct{}

	// Private brings a connection that the program accepts from a socket as if
	// a client had made it.
	Private struct {
		Socket int `json:"socket"`
	}

	// Open lets a worker accept from all its sockets.
	Open struct{}

	// Opened confirms Open.
	Opened struct{}

	// Pause makes a worker stop accepting on some sockets.
	Pause struct {
		Sockets []int `json:"sockets"`
	}

	// Drain makes a worker finish what it has accepted and end. Last says that
	// no other generation goes on with the sockets, Ending says it of some.
	Drain struct {
		Timeout time.Duration `json:"timeout"`
		Signal  int           `json:"signal"`
		Last    bool          `json:"last"`
		Ending  []int         `json:"ending,omitempty"` // from version 2 on
	}

	// Restart asks the master for a restart.
	Restart struct {
		Force bool `json:"force"`
	}

	// Ask asks the master what it holds.
	Ask struct {
		ID int `json:"id"`
	}

	// Status answers Ask: what the master holds.
	Status struct {
		ID         int    `json:"id"`
		Generation int    `json:"generation"` // the live one, 0: none
		Staged     string `json:"staged"`     // digest of a candidate that waits
		Pending    bool   `json:"pending"`    // a restart was asked for and has not begun
		Starts     int    `json:"starts"`     // generations started so far
	}

	// Bequeath brings the master one end of a way: a pair of sockets on which
	// a generation that drains hands items to the one that goes on.
	Bequeath struct {
		ID int `json:"id"`
	}

	// Bequest brings the end of a way to the generation that goes on. Held says
	// that the items were waiting for it: they are its own unconfirmed.
	Bequest struct {
		Generation int  `json:"generation"` // where the items come from
		Held       bool `json:"held"`
	}

	// Bequeathed answers Bequeath: the end is with Heir, or held for a
	// generation to come, or was refused.
	Bequeathed struct {
		ID      int    `json:"id"`
		Heir    int    `json:"heir"`
		Held    bool   `json:"held"`
		Refused string `json:"refused"` // why; else empty
	}

	// Item is said on a way, and brings what is handed over: its descriptor,
	// if it has one, and behind it that of Data, if they do not fit in here.
	Item struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
		Kind string `json:"kind"`           // of the descriptor: "conn", "file" or empty
		Data []byte `json:"data,omitempty"` // where Size is 0
		Size int    `json:"size,omitempty"` // of the data in the last descriptor
	}

	// Taken is said on a way: the item is the other generation's from here on.
	Taken struct {
		ID int `json:"id"`
	}

	// Untaken is said on a way: the item stays where it was. Elsewhere says
	// that another generation may take it.
	Untaken struct {
		ID        int    `json:"id"`
		Reason    string `json:"reason"`
		Elsewhere bool   `json:"elsewhere"`
	}

	// Withdraw is said on a way: the item is no longer to be taken. The answer
	// is Untaken, or the Taken that was on its way.
	Withdraw struct {
		ID int `json:"id"`
	}

	// Ping asks a worker for a sign of life. From version 2 on.
	Ping struct {
		ID int `json:"id"`
	}

	// Pong answers Ping. From version 2 on.
	Pong struct {
		ID       int    `json:"id"`
		Open     int    `json:"open"`     // connections that are open
		Accepted uint64 `json:"accepted"` // connections accepted so far
	}
)

// Socket describes one descriptor of [Sockets].
type Socket struct {
	Network string `json:"network"`
	Address string `json:"address"`
}

func (Hello) kind() string     { return "hello" }
func (Setup) kind() string     { return "setup" }
func (Sockets) kind() string   { return "sockets" }
func (Begin) kind() string     { return "begin" }
func (Accepting) kind() string { return "accepting" }
func (Ready) kind() string     { return "ready" }
func (Private) kind() string   { return "private" }
func (Open) kind() string      { return "open" }
func (Opened) kind() string    { return "opened" }
func (Pause) kind() string     { return "pause" }
func (Drain) kind() string     { return "drain" }
func (Restart) kind() string   { return "restart" }
func (Ask) kind() string       { return "ask" }
func (Status) kind() string    { return "status" }
func (Ping) kind() string      { return "ping" }
func (Pong) kind() string      { return "pong" }

func (Bequeath) kind() string   { return "bequeath" }
func (Bequest) kind() string    { return "bequest" }
func (Bequeathed) kind() string { return "bequeathed" }
func (Item) kind() string       { return "item" }
func (Taken) kind() string      { return "taken" }
func (Untaken) kind() string    { return "untaken" }
func (Withdraw) kind() string   { return "withdraw" }

// words makes a message of each kind that is understood from its JSON.
type words map[string]func([]byte) (Message, error)

// readers are the words of the conversation with a worker.
var readers = words{
	"hello":     read[Hello],
	"setup":     read[Setup],
	"sockets":   read[Sockets],
	"begin":     read[Begin],
	"accepting": read[Accepting],
	"ready":     read[Ready],
	"private":   read[Private],
	"open":      read[Open],
	"opened":    read[Opened],
	"pause":     read[Pause],
	"drain":     read[Drain],
	"restart":   read[Restart],
	"ask":       read[Ask],
	"status":    read[Status],

	"bequeath":   read[Bequeath],
	"bequest":    read[Bequest],
	"bequeathed": read[Bequeathed],
	"item":       read[Item],
	"taken":      read[Taken],
	"untaken":    read[Untaken],
	"withdraw":   read[Withdraw],
	"ping":       read[Ping],
	"pong":       read[Pong],
}

func read[M Message](body []byte) (Message, error) {
	var m M
	err := json.Unmarshal(body, &m)
	return m, err
}

// envelope is what every frame has beside its message.
type envelope struct {
	Type string          `json:"type"`
	FDs  int             `json:"fds,omitempty"`
	Body json.RawMessage `json:"body,omitempty"`
}

// encode returns the JSON of a frame.
func encode(m Message, fds int) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.kind(), err)
	}
	frame, err := json.Marshal(envelope{Type: m.kind(), FDs: fds, Body: body})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.kind(), err)
	}
	return frame, nil
}

// decode reads the JSON of a frame. The message is nil for a type that this
// version does not know.
func (w words) decode(frame []byte) (m Message, fds int, err error) {
	var e envelope
	if err := json.Unmarshal(frame, &e); err != nil {
		return nil, 0, fmt.Errorf("decode frame: %w", err)
	}
	if e.FDs < 0 || e.FDs > MaxFDs {
		return nil, 0, fmt.Errorf("decode %.40q: %d descriptors, want 0 to %d", e.Type, e.FDs, MaxFDs)
	}
	reader, known := w[e.Type]
	if !known {
		return nil, e.FDs, nil
	}
	if len(e.Body) == 0 {
		e.Body = json.RawMessage("{}")
	}
	if m, err = reader(e.Body); err != nil {
		return nil, e.FDs, fmt.Errorf("decode %s: %w", e.Type, err)
	}
	return m, e.FDs, nil
}
