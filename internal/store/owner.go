package store

import (
	"crypto/rand"
	"os"
	"sync"
)

// An owner is one run of one master. A process id alone is given out again; so
// the record has what tells two bearers of it apart. Fields that a system does
// not offer are empty and then decide nothing.
type owner struct {
	PID       int    `json:"pid"`
	Boot      string `json:"boot,omitempty"`      // this start of the machine
	Start     string `json:"start,omitempty"`     // of the process, in ticks after the boot
	Namespace string `json:"namespace,omitempty"` // in which PID is counted
	Image     string `json:"image,omitempty"`     // this execve: a master keeps its PID over one
}

// self is this process. It is read once: none of it changes.
var self = sync.OnceValue(func() owner {
	pid := os.Getpid()
	start, _ := processStart(pid)
	return owner{PID: pid, Boot: bootID(), Start: start, Namespace: pidNamespace(), Image: rand.Text()}
})

// lives reports whether o may still run. held is asked where process ids tell
// nothing, as in the container next door: whether o's file is still locked.
func (o owner) lives(held func() bool) bool {
	me := self()
	switch {
	case o.Boot != me.Boot:
		return false
	case o.Namespace != me.Namespace:
		return held()
	case o.PID == me.PID && o.Start == me.Start:
		return o.Image == me.Image
	case !alive(o.PID):
		return false
	}
	start, gone := processStart(o.PID)
	if gone {
		return false
	}
	// Where it cannot be read (hidepid), a process of that id is taken for
	// the owner: rather a file too many than one that is needed.
	return start == "" || o.Start == "" || start == o.Start
}
