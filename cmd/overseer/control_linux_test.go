package main

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/cli"
)

// ran runs one command line of this program to its end.
func ran(t *testing.T, code int, args ...string) string {
	t.Helper()
	c, _ := child(t, args...)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != code {
		t.Errorf("overseer %q ends with code %d, want %d:\n%s", args, got, code, out)
	}
	return string(out)
}

// A program that overseer run runs is found by its name and by the number of a
// process of its, and obeys.
func TestControlOfARun(t *testing.T) {
	dir := t.TempDir()
	name := "served" + strconv.Itoa(os.Getpid()) // of no other test that runs
	program := filepath.Join(dir, name)
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"my-number $$\"\nexec sleep 3600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := startRun(t, "--debug", "--ready", "10ms", "--state-dir", filepath.Join(dir, "state"), "--", program)
	worker, _ := strconv.Atoi(strings.TrimPrefix(r.await("my-number "), "my-number "))
	r.await("msg=live")

	for _, place := range [][]string{
		{"--name", name},
		{"--name", program},
		{"--pid", strconv.Itoa(r.cmd.Process.Pid)},
		{"--pid", strconv.Itoa(worker)},
		{"--socket", filepath.Join(dir, "state", "admin.sock")},
	} {
		var s admin.Status
		text := ran(t, cli.ExitDone, append([]string{"status", "--json"}, place...)...)
		if err := json.Unmarshal([]byte(text), &s); err != nil || s.Name != name || s.Live != 1 || s.PID != r.cmd.Process.Pid {
			t.Errorf("%q: %v: %s", place, err, text)
		}
	}
	text := ran(t, cli.ExitDone, "restart", "--name", name, "--reason", "a test")
	if !strings.Contains(text, "generation 2 is live") || !strings.Contains(text, "a test") {
		t.Errorf("restart says:\n%s", text)
	}
	if text := ran(t, cli.ExitConflict, "rollback", "--name", name, "--to", "standby"); !strings.Contains(text, "overseer rollback: ") {
		t.Errorf("rollback says:\n%s", text)
	}
	if text := ran(t, cli.ExitDone, "events", "--name", name, "--kind", "restart-asked"); strings.Count(text, "\n") != 1 {
		t.Errorf("events says:\n%s", text)
	}
	text = ran(t, cli.ExitDone, "doctor", "--name", name)
	if !strings.Contains(text, "generation 2 is live") || !strings.Contains(text, "binary: "+program+" is there") {
		t.Errorf("doctor says:\n%s", text)
	}
	r.stop()
	ran(t, cli.ExitNotFound, "status", "--name", name)
}

// Completion knows each command and each flag of this program.
func TestCompletionIsWhole(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := ran(t, cli.ExitDone, "completion", shell)
		has := func(word string) {
			t.Helper()
			if !strings.Contains(script, word) {
				t.Errorf("%s: there is no %q", shell, word)
			}
		}
		for _, c := range commands() {
			if c.about != "" {
				has(c.name)
			}
		}
		dashes := "--"
		if shell == "fish" {
			dashes = "-l "
		}
		each := func(f *flag.Flag) {
			if len(f.Name) > 1 {
				has(dashes + f.Name)
			}
		}
		for _, c := range releaseCommands() {
			has("release " + c.name)
			k := newCall(c)
			c.setup(k)
			k.flags.VisitAll(each)
		}
		newRunLine().flags.VisitAll(each)
		for _, c := range append(cli.Commands(), controlEnv().More...) {
			has(c.Name)
			for _, a := range c.Aliases {
				has(a)
			}
		}
	}
}

func TestHelpOfEachCommand(t *testing.T) {
	for _, c := range cli.Commands() {
		if text := ran(t, cli.ExitDone, "help", c.Name); !strings.HasPrefix(text, "overseer "+c.Name+": ") {
			t.Errorf("help %s says:\n%s", c.Name, text)
		}
	}
	for args, want := range map[string]string{
		"help run":          "overseer run: ",
		"help release add":  "overseer release add: ",
		"help watch":        "overseer watch: ",
		"watch --help":      "overseer watch: ",
		"help":              "usage: overseer COMMAND",
		"status --help":     "overseer status: ",
		"release help init": "overseer release init: ",
	} {
		if text := ran(t, cli.ExitDone, strings.Fields(args)...); !strings.Contains(text, want) {
			t.Errorf("%s: want %q in:\n%s", args, want, text)
		}
	}
	ran(t, cli.ExitUsage, "help", "nonsense")
}
