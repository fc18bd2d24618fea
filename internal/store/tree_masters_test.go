//go:build unix

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// newest is the number of the last release that masters bring.
const newest = 9

func init() {
	// A master of a home: it brings releases in any order, runs each from its
	// tree, and installs or discards it, until its standard input ends.
	children["trees"] = func(args []string) error {
		s, err := OpenTrees(Trees{Home: args[0], Program: "bin/app", Keep: 2}, "")
		if err != nil {
			return err
		}
		seed, err := strconv.ParseUint(args[1], 10, 64)
		if err != nil {
			return err
		}
		ended := make(chan struct{})
		go func() {
			io.Copy(io.Discard, os.Stdin)
			close(ended)
		}()
		random := rand.New(rand.NewPCG(seed, 0))
		for {
			select {
			case <-ended:
				return nil
			default:
			}
			if err := bring(s, random); err != nil {
				return err
			}
			fmt.Println("a release")
		}
	}
}

// bring takes a release as far as its trial, and some to their commit. What runs
// before and after is run too.
func bring(s *Store, random *rand.Rand) error {
	ctx := context.Background()
	if _, err := s.Recover(ctx); err != nil {
		return err
	}
	installed, err := s.Hold(ctx)
	if err != nil {
		return err
	}
	defer installed.Close()
	n := 2 + random.IntN(newest-1)
	v, err := trust.Check(ctx, trust.Insecure(), release.Candidate{Body: bytes.NewReader(treeOf(n)), Source: "test"})
	if err != nil {
		return err
	}
	st, err := s.Stage(ctx, v, 0)
	if errors.Is(err, ErrQuarantined) {
		return nil // its trials were interrupted by three kills
	}
	if err != nil {
		return err
	}
	defer st.Discard() // does nothing after an install
	if err := s.BeginTrial(st); err != nil {
		return err
	}
	candidate, err := st.Hold()
	if err != nil {
		return err
	}
	defer candidate.Close()
	if random.IntN(3) > 0 {
		done, err := s.Install(ctx, st)
		if err = errors.Join(append(done.Warnings, err)...); err != nil {
			return err
		}
	} else if err := errors.Join(st.Discard(), s.EndTrial(st.Digest())); err != nil {
		return err
	}
	return errors.Join(says(candidate, n), says(installed, 0))
}

// says runs a tree that is held. It is whole, whatever others do; 0 is any number.
func says(tree *Tree, want int) error {
	out, err := exec.Command(tree.Program).CombinedOutput()
	got, atoi := strconv.Atoi(strings.TrimSpace(string(out)))
	if err = errors.Join(err, atoi); err != nil || want != 0 && got != want {
		return fmt.Errorf("%s says %q, %v; want %d", tree.Root, out, err, want)
	}
	if !tree.ByHand && tree.Digest != sum(treeOf(got)) {
		return fmt.Errorf("%s says %d, which is another release", tree.Root, got)
	}
	return nil
}

// Masters that share a home, some of them killed at any moment, never take a tree
// from under another one, and current always leads to a whole one.
func TestTreeMasters(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	home := newHome(t)
	s := openTrees(t, home)
	for round := range rounds {
		first, second := newTreeMaster(t, home, 2*round), newTreeMaster(t, home, 2*round+1)
		for range 3 {
			first.await(t)
			tree, err := s.Hold(t.Context())
			must(t, err)
			must(t, says(tree, 0))
			must(t, tree.Close())
		}
		must(t, first.cmd.Process.Kill())
		second.await(t)
		first.cmd.Wait() // it was killed
		second.end(t)
	}
	recovery, err := s.Recover(t.Context())
	must(t, err)
	if recovery.Warnings != nil {
		t.Errorf("Recover: %v", recovery.Warnings)
	}
	left, err := filepath.Glob(filepath.Join(home, "releases", ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	upgradeTree(t, s, 10)
	upgradeTree(t, s, 11)
	upgradeTree(t, s, 12)
	wantSays(t, home, "current", 12)
	wantTrees(t, home, "first", "10", "11", "12")
}

type treeMaster struct {
	cmd *exec.Cmd
	in  io.Closer
	out io.Reader
	err *strings.Builder
}

func newTreeMaster(t *testing.T, home string, seed int) *treeMaster {
	t.Helper()
	m := &treeMaster{cmd: child(t, "trees", home, strconv.Itoa(seed)), err: &strings.Builder{}}
	m.cmd.Stderr = m.err
	in, err := m.cmd.StdinPipe()
	must(t, err)
	m.in = in
	m.out, err = m.cmd.StdoutPipe()
	must(t, err)
	must(t, m.cmd.Start())
	return m
}

// await waits for a release that was brought.
func (m *treeMaster) await(t *testing.T) {
	t.Helper()
	if _, err := io.ReadFull(m.out, make([]byte, len("a release\n"))); err != nil {
		m.cmd.Wait()
		t.Fatalf("a master has ended: %v\n%s", err, m.err)
	}
}

func (m *treeMaster) end(t *testing.T) {
	t.Helper()
	m.in.Close()
	io.Copy(io.Discard, m.out)
	if err := m.cmd.Wait(); err != nil {
		t.Fatalf("a master: %v\n%s", err, m.err)
	}
}
