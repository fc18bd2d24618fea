package handover

import "time"

// # The conversation with a fetch process
//
// A fetch process fetches and verifies for the master. [FetchVariable] makes a
// process one; frames and descriptors are as in the conversation with a worker,
// the words are others: neither of the two is understood in the place of the
// other. A fetch process never sends a descriptor.
//
//	fetch process                            master
//	                                 <--     fetch-setup {version,user,…}
//	  settled {user,…}               -->              Init has returned
//	                                 <--     fetch {id}
//	  offer {id,digest,…}            -->              or nothing, or a failure
//	                                 <--     bring {id}  + descriptor       a pipe for the bytes
//	  brought {id,remarks,…}         -->              after the last byte
//	                                 <--     drop {id}
//	                                 <--     receipt {id}
//	  remembers {data}               -->              after each receipt
//	  alive {}                       -->              all the time
//
// While it fetches, or brings, it may ask for what lies with the master, one
// question of a kind at a time:
//
//	  recall {name}                  -->
//	                                 <--     record {data}                  it is locked now
//	  keep {data} or {leave}         -->
//	                                 <--     kept {}
//	  ask-installed {}               -->
//	                                 <--     installed {digest,size}  + descriptor
//
// The end of the stream means that the other side has died: a fetch process then
// ends at once.

const (
	// FetchVersion is the version of this conversation. Both ends are the same
	// binary where the system can start itself again (Linux), so there is one.
	FetchVersion = 1

	// FetchVariable is the environment variable that makes a process a fetch
	// process. Its value is as that of [Variable].
	FetchVariable = "OVERSEER_FETCH"

	// MaxRecord bounds a record of a policy's memory, in bytes; in a frame they
	// are written in base64.
	MaxRecord = 8 << 20

	// maxFetchFrame is [MaxFrame] of this conversation.
	maxFetchFrame = MaxRecord/3*4 + 64<<10
)

type (
	// FetchSetup tells a fetch process what it is.
	FetchSetup struct {
		Version int    `json:"version"`
		User    int    `json:"user"`    // user and group to become; 0: stay
		Scratch string `json:"scratch"` // a directory for what lives no longer than a fetch
		Recheck bool   `json:"recheck"` // the master checks each statement too

		Remembered []byte `json:"remembered,omitempty"` // what one before has said in Remembers
	}

	// Settled says that the source was set up, or why it was not.
	Settled struct {
		User  int    `json:"user"`            // that the process is now
		Kept  string `json:"kept,omitempty"`  // why rights were not given up that should have been
		Error string `json:"error,omitempty"` // of Init
	}

	// Fetch asks the source for something new.
	Fetch struct {
		ID int `json:"id"` // from 1, higher each time
	}

	// Offer answers Fetch: what the policy vouches for, or nothing.
	Offer struct {
		ID        int        `json:"id"`
		Nothing   bool       `json:"nothing,omitempty"`
		Failure   *Failure   `json:"failure,omitempty"` // of the source, or why the policy refuses
		Source    string     `json:"source,omitempty"`
		Digest    string     `json:"digest,omitempty"` // empty: the bytes will tell
		Size      int64      `json:"size,omitempty"`   // 0: likewise
		Version   string     `json:"version,omitempty"`
		Statement *Statement `json:"statement,omitempty"` // where it is to be checked again
	}

	// Bring brings a descriptor that the bytes are to be written to.
	Bring struct {
		ID int `json:"id"`
	}

	// Brought says that all bytes were written, or why not.
	Brought struct {
		ID      int      `json:"id"`
		Failure *Failure `json:"failure,omitempty"`
		Remarks []string `json:"remarks,omitempty"`
	}

	// Drop says that nobody reads the bytes any more.
	Drop struct {
		ID int `json:"id"`
	}

	// Receipt says that the source need not offer these bytes again.
	Receipt struct {
		ID int `json:"id"`
	}

	// Remembers says what the source knows of what was taken, for a fetch
	// process that comes after this one.
	Remembers struct {
		Data []byte `json:"data"`
	}

	// Alive says that the process runs.
	Alive struct{}

	// Recall asks for a record of a policy's memory, and locks it.
	Recall struct {
		Name string `json:"name"`
	}

	// Record answers Recall.
	Record struct {
		Failure *Failure `json:"failure,omitempty"`
		None    bool     `json:"none,omitempty"` // nothing is kept yet
		Data    []byte   `json:"data,omitempty"`
	}

	// Keep is the record as it is to be kept, or says that it is to be left as
	// it was.
	Keep struct {
		Leave bool   `json:"leave,omitempty"`
		Data  []byte `json:"data,omitempty"`
	}

	// Kept answers Keep.
	Kept struct {
		Failure *Failure `json:"failure,omitempty"`
	}

	// AskInstalled asks for the installed program.
	AskInstalled struct{}

	// Installed brings a descriptor of it, for reading only.
	Installed struct {
		Failure *Failure `json:"failure,omitempty"`
		Digest  string   `json:"digest,omitempty"`
		Size    int64    `json:"size,omitempty"`
	}
)

// A Statement is that of package release.
type Statement struct {
	Manifest       []byte `json:"manifest,omitempty"`
	Signatures     []byte `json:"signatures,omitempty"`
	Keys           []byte `json:"keys,omitempty"`
	KeysSignatures []byte `json:"keys_signatures,omitempty"`
}

// A Failure is an error, and what of it decides something on the other side.
type Failure struct {
	Text       string         `json:"text"`
	RetryAfter *time.Duration `json:"retry_after,omitempty"` // the source asks to be left alone
	Again      bool           `json:"again,omitempty"`       // there is another way
	NotYet     bool           `json:"not_yet,omitempty"`     // its time may come
}

func (FetchSetup) kind() string   { return "fetch-setup" }
func (Settled) kind() string      { return "settled" }
func (Fetch) kind() string        { return "fetch" }
func (Offer) kind() string        { return "offer" }
func (Bring) kind() string        { return "bring" }
func (Brought) kind() string      { return "brought" }
func (Drop) kind() string         { return "drop" }
func (Receipt) kind() string      { return "receipt" }
func (Remembers) kind() string    { return "remembers" }
func (Alive) kind() string        { return "alive" }
func (Recall) kind() string       { return "recall" }
func (Record) kind() string       { return "record" }
func (Keep) kind() string         { return "keep" }
func (Kept) kind() string         { return "kept" }
func (AskInstalled) kind() string { return "ask-installed" }
func (Installed) kind() string    { return "installed" }

// fromFetchProcess are the words that the master understands there, and
// toFetchProcess those that a fetch process does.
var (
	fromFetchProcess = words{
		"settled":       read[Settled],
		"offer":         read[Offer],
		"brought":       read[Brought],
		"alive":         read[Alive],
		"remembers":     read[Remembers],
		"recall":        read[Recall],
		"keep":          read[Keep],
		"ask-installed": read[AskInstalled],
	}
	toFetchProcess = words{
		"fetch-setup": read[FetchSetup],
		"fetch":       read[Fetch],
		"bring":       read[Bring],
		"drop":        read[Drop],
		"receipt":     read[Receipt],
		"record":      read[Record],
		"kept":        read[Kept],
		"installed":   read[Installed],
	}
)
