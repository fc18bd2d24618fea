//go:build unix

package credential

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// lookTimeout bounds the lookups: a directory service may be far away.
const lookTimeout = 30 * time.Second

// Look finds a user by name or number. An empty group means the user's own, nil
// groups those of the user. A number needs no account, but then it needs a
// group.
func Look(userName, group string, groups []string) (*proc.Credential, error) {
	type found struct {
		c   *proc.Credential
		err error
	}
	done := make(chan found, 1)
	go func() {
		c, err := look(userName, group, groups)
		done <- found{c, err}
	}()
	timer := time.NewTimer(lookTimeout)
	defer timer.Stop()
	select {
	case f := <-done:
		return f.c, f.err
	case <-timer.C:
		return nil, fmt.Errorf("look up user %q: no answer within %v: is the directory service (nsswitch.conf) there?", userName, lookTimeout)
	}
}

func look(userName, group string, groups []string) (*proc.Credential, error) {
	if userName == "" {
		return nil, errors.New("the user is missing")
	}
	c, account, err := lookUser(userName)
	if err != nil {
		return nil, err
	}
	switch {
	case group != "":
		if c.GID, err = lookGroup(group); err != nil {
			return nil, err
		}
	case account == nil:
		return nil, fmt.Errorf("user %q has no account, so it has no group: name one", userName)
	}
	if groups == nil && account != nil {
		if groups, err = account.GroupIds(); err != nil {
			return nil, fmt.Errorf("look up the groups of user %q (or name them): %w", userName, err)
		}
	}
	for _, name := range groups {
		gid, err := lookGroup(name)
		if err != nil {
			return nil, err
		}
		c.Groups = append(c.Groups, gid)
	}
	return c, nil
}

// lookUser returns no account where a number has none.
func lookUser(name string) (*proc.Credential, *user.User, error) {
	lookup := user.Lookup
	uid, isNumber, err := number(name)
	if err != nil {
		return nil, nil, fmt.Errorf("user %q: %w", name, err)
	}
	if isNumber {
		lookup = user.LookupId
	}
	account, err := lookup(name)
	var unknown user.UnknownUserIdError
	if isNumber && (errors.As(err, &unknown) || errors.Is(err, fs.ErrNotExist)) { // an image from scratch has no accounts at all
		return &proc.Credential{UID: uid}, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look up user %q (useradd --system makes one): %w", name, err)
	}
	c := &proc.Credential{Name: account.Username, Home: account.HomeDir}
	if c.UID, err = id(account.Uid); err == nil {
		c.GID, err = id(account.Gid)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("account of user %q: %w", name, err)
	}
	return c, account, nil
}

func lookGroup(name string) (uint32, error) {
	gid, isNumber, err := number(name)
	if err != nil {
		return 0, fmt.Errorf("group %q: %w", name, err)
	}
	if isNumber {
		return gid, nil
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("look up group %q (groupadd --system makes one): %w", name, err)
	}
	return id(group.Gid)
}

// number reads what is written in digits: that is never a name here.
func number(s string) (n uint32, is bool, err error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false, nil
	}
	n, err = id(s)
	return n, true, err
}

// id reads a number of a user or group. The highest means "none" to setresuid(2).
func id(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == math.MaxUint32 {
		return 0, fmt.Errorf("%s is no number of a user or group: they go from 0 to %d", s, uint32(math.MaxUint32-1))
	}
	return uint32(n), nil
}
