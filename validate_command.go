package overseer

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/socket"
)

// A settledCommand is a Command that was checked, with its defaults filled in.
type settledCommand struct {
	Command
	program string // the path of Args[0]; with Home empty where the tree has it
	release []int  // where in Args the release stands
	inTree  string // with Home: what a tree must have, relative to it, with slashes
}

func (s *settled) settleCommand() error {
	if s.Command == nil {
		return nil
	}
	c := settledCommand{Command: *s.Command}
	for _, check := range []func(*settled) error{c.settleArgs, c.settleWords, c.settleReady, c.settleSignals} {
		if err := check(s); err != nil {
			return fmt.Errorf("Config.Command%w", err)
		}
	}
	s.command = &c
	return nil
}

func (c *settledCommand) settleArgs(s *settled) error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return errors.New(".Args is empty: it names the program and its arguments")
	}
	if c.Home != "" {
		return c.settleTree(s)
	}
	program, err := exec.LookPath(c.Args[0])
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err != nil {
		return fmt.Errorf(".Args: %w", err)
	}
	c.program = program
	if s.ExecFile == "" {
		s.ExecFile, c.release = program, []int{0}
		return nil
	}
	if c.Dir != "" && !filepath.IsAbs(s.ExecFile) {
		return fmt.Errorf(".Dir is set, and Config.ExecFile %q is relative: the program would look for it elsewhere than the master", s.ExecFile)
	}
	for i, arg := range c.Args {
		if arg == s.ExecFile || i == 0 && program == s.ExecFile {
			c.release = append(c.release, i)
		}
	}
	if c.release == nil {
		return fmt.Errorf(".Args is %q, and Config.ExecFile %q: none of them is it, so a release could not be run", c.Args, s.ExecFile)
	}
	return nil
}

// settleTree finds what is the program of a directory release.
func (c *settledCommand) settleTree(s *settled) error {
	if c.Dir != "" {
		return errors.New(".Dir is set, and .Home too: a program runs in its own tree")
	}
	home, err := filepath.Abs(c.Home)
	if err != nil {
		return fmt.Errorf(".Home: %w", err)
	}
	c.Home, c.inTree = home, s.ExecFile
	if c.inTree == "" {
		c.inTree = c.Args[0]
	}
	if !filepath.IsLocal(c.inTree) || strings.Contains(c.inTree, `\`) {
		return fmt.Errorf(".Home is set: want a file of its trees as Args[0], or as Config.ExecFile, and not %q", c.inTree)
	}
	s.ExecFile = filepath.Join(home, "current", c.inTree)
	for i, arg := range c.Args {
		if arg == c.inTree {
			c.release = append(c.release, i)
		}
	}
	if slices.Contains(c.release, 0) {
		return nil
	}
	if c.program, err = exec.LookPath(c.Args[0]); err == nil {
		c.program, err = filepath.Abs(c.program)
	}
	if err != nil {
		return fmt.Errorf(".Args (to run a program of the trees in .Home, set Config.ExecFile or name it as Args[0]): %w", err)
	}
	return nil
}

func (c *settledCommand) settleWords(s *settled) error {
	for _, v := range c.Env {
		name, _, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return fmt.Errorf(".Env: %q is not NAME=value", v)
		}
		if name == "NOTIFY_SOCKET" || strings.HasPrefix(name, "LISTEN_") || strings.HasPrefix(name, "OVERSEER_") {
			return fmt.Errorf(".Env: %s is the master's to set", name)
		}
	}
	if c.Names == nil {
		for i := range s.addresses {
			c.Names = append(c.Names, fmt.Sprintf("socket%d", i))
		}
	}
	if len(c.Names) != len(s.addresses) {
		return fmt.Errorf(".Names has %d name(s) for %d address(es)", len(c.Names), len(s.addresses))
	}
	for _, name := range c.Names {
		if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == ':' }) {
			return fmt.Errorf(".Names: %q: want up to 255 printable characters without a colon", name)
		}
	}
	return nil
}

func (c *settledCommand) settleReady(s *settled) error {
	if c.Ready < ReadyDefault || c.Ready > ReadyByNotify {
		return fmt.Errorf(".Ready is %d, want ReadyByTime, ReadyByProbe or ReadyByNotify", c.Ready)
	}
	if c.Ready == ReadyDefault {
		c.Ready = ReadyByTime
		if s.Probe != nil {
			c.Ready = ReadyByProbe
		}
	}
	switch {
	case c.Ready == ReadyByProbe && s.Probe == nil:
		return errors.New(".Ready is ReadyByProbe, and Config.Probe is not set")
	case c.Ready == ReadyByNotify && !canNotify:
		return fmt.Errorf(".Ready is ReadyByNotify: %w on this system; use ReadyByProbe", errors.ErrUnsupported)
	case c.ReadyAfter < 0:
		return fmt.Errorf(".ReadyAfter is %v: it cannot be negative", c.ReadyAfter)
	case c.ReadyAfter == 0:
		c.ReadyAfter = defaultReadyAfter
	}
	if c.PrivateProbe && (s.Probe == nil || !slices.ContainsFunc(s.addresses, func(a socket.Address) bool { return a.Kind() == socket.Stream })) {
		return errors.New(".PrivateProbe is set: it needs Config.Probe and an address that is no datagram socket's")
	}
	if c.Ready == ReadyByTime && c.ReadyAfter >= s.ReadyTimeout {
		return fmt.Errorf(".ReadyAfter is %v, and Config.ReadyTimeout %v: it could never be ready", c.ReadyAfter, s.ReadyTimeout)
	}
	return nil
}

func (c *settledCommand) settleSignals(*settled) error {
	if c.DrainSignal == nil {
		c.DrainSignal = SIGTERM
	}
	if (c.StandbySignal == nil) != (c.ResumeSignal == nil) {
		return errors.New(": StandbySignal and ResumeSignal go together")
	}
	for _, one := range []struct {
		name   string
		signal any
	}{{"DrainSignal", c.DrainSignal}, {"StandbySignal", c.StandbySignal}, {"ResumeSignal", c.ResumeSignal}} {
		if one.signal == nil {
			continue
		}
		n, ok := one.signal.(syscall.Signal)
		if !ok || n <= 0 {
			return fmt.Errorf(".%s is %v, which is no signal of this system", one.name, one.signal)
		}
		if stops(n) {
			return fmt.Errorf(".%s is %v: it would leave the program standing amid its requests", one.name, n)
		}
	}
	return nil
}
