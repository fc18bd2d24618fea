package socket

import (
	"errors"
	"fmt"
	"strings"
)

// This file holds what becomes of inherited sockets that no address claims, and of
// addresses that find none.

// An Unclaimed is an inherited socket that no address has claimed.
type Unclaimed struct {
	Socket string // its name, and what it is bound to
	Reason string
}

// CloseUnclaimed closes what no address has claimed, and returns what that was.
// The path of a unix socket goes with it where an earlier run has made it; that
// of a .socket unit's stays.
func (in *Inherited) CloseUnclaimed() []Unclaimed {
	if in == nil {
		return nil
	}
	var all []Unclaimed
	for _, i := range in.all {
		if i.claimed {
			continue
		}
		i.claimed = true
		u := Unclaimed{Socket: i.String(), Reason: "no entry of Config.Addresses asks for it"}
		if i.err != nil {
			u.Reason = i.err.Error()
		}
		all = append(all, u)
		i.stored.node.unlink() // where it stays, whoever binds the path next replaces it
		i.Close()              // it is gone either way
	}
	return all
}

// Stale returns the names under which the service manager keeps what no address
// asks for, or what is to be kept under another name. Call it before CloseUnclaimed.
func (in *Inherited) Stale() []string {
	if in == nil {
		return nil
	}
	var names []string
	for _, i := range in.all {
		if i.stored.is() && (!i.claimed || i.renamed) {
			names = append(names, i.Name)
		}
	}
	return names
}

// Stored reports whether an earlier run has stored any: the service manager does
// keep sockets.
func (in *Inherited) Stored() bool {
	if in == nil {
		return false
	}
	for _, i := range in.all {
		if i.stored.is() {
			return true
		}
	}
	return false
}

// missing says that there is no socket of a name, and what is there.
func (in *Inherited) missing(a Address) error {
	var there []string
	if in != nil {
		for _, i := range in.all {
			if !i.stored.is() {
				there = append(there, i.String())
			}
		}
	}
	if len(there) == 0 {
		return errors.New("the service manager has left no socket to this process: start its .socket unit, and the service by that")
	}
	return fmt.Errorf("the service manager has left no (further) socket of this name: there is %s; set FileDescriptorName=%s in the .socket unit",
		strings.Join(there, ", "), a.Name)
}
