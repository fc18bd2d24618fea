package proc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	children["tell rights"] = tellRights
}

// rights are what a child says of what it may do.
type rights struct {
	Env    []string
	Status map[string]string
}

var rightsKeys = []string{"Uid", "Gid", "Groups", "CapEff", "CapPrm", "CapAmb", "NoNewPrivs"}

func tellRights() error {
	r := rights{Status: statusOf("/proc/self/status")}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); slices.Contains([]string{"HOME", "USER", "LOGNAME"}, name) {
			r.Env = append(r.Env, v)
		}
	}
	slices.Sort(r.Env)
	return json.NewEncoder(os.Stdout).Encode(r)
}

func statusOf(path string) map[string]string {
	text, _ := os.ReadFile(path) // gone: empty
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); slices.Contains(rightsKeys, key) {
			all[key] = strings.Join(strings.Fields(value), " ")
		}
	}
	return all
}

func rootOnly(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: cannot become another user")
	}
}

// TestCredential starts children as others, and checks that this process stays as
// it was, thread by thread.
func TestCredential(t *testing.T) {
	rootOnly(t)
	t.Setenv("HOME", "/root")
	t.Setenv("USER", "root")
	none := "0000000000000000"
	for _, c := range []struct {
		name   string
		c      Credential
		env    []string
		status map[string]string
	}{
		{
			"number", Credential{UID: 64999, GID: 64998}, []string{"HOME=/"},
			map[string]string{"Uid": "64999 64999 64999 64999", "Gid": "64998 64998 64998 64998", "Groups": "", "NoNewPrivs": "1"},
		},
		{
			"account with groups", Credential{UID: 64999, GID: 64998, Groups: []uint32{7, 8}, Name: "app", Home: "/srv/app"},
			[]string{"HOME=/srv/app", "LOGNAME=app", "USER=app"},
			map[string]string{"Uid": "64999 64999 64999 64999", "Gid": "64998 64998 64998 64998", "Groups": "7 8", "NoNewPrivs": "1"},
		},
		{
			"new privileges", Credential{UID: 64999, GID: 64998, NewPrivileges: true}, []string{"HOME=/"},
			map[string]string{"Uid": "64999 64999 64999 64999", "Gid": "64998 64998 64998 64998", "Groups": "", "NoNewPrivs": "0"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, key := range []string{"CapEff", "CapPrm", "CapAmb"} {
				c.status[key] = none
			}
			s := spec(t, "tell rights")
			s.Credential = &c.c
			got := tellsRights(t, s)
			if !slices.Equal(got.Env, c.env) {
				t.Errorf("environment %q, want %q", got.Env, c.env)
			}
			if fmt.Sprint(got.Status) != fmt.Sprint(c.status) {
				t.Errorf("status %v, want %v", got.Status, c.status)
			}
		})
	}
	for _, path := range threads(t) {
		if s := statusOf(path); len(s) > 0 && (s["NoNewPrivs"] != "0" || s["Uid"] != "0 0 0 0") {
			t.Errorf("%s of this process: %v, want root's and no_new_privs 0", path, s)
		}
	}
}

func tellsRights(t *testing.T, s Spec) (got rights) {
	t.Helper()
	r, w := pipe(t)
	s.Stdout = w
	p := start(t, s)
	w.Close()
	text, err := io.ReadAll(r)
	must(t, err)
	if e := exit(t, p); e.Code != 0 || e.Signal != 0 {
		t.Fatalf("child ended with %+v", e)
	}
	must(t, json.Unmarshal(text, &got))
	return got
}

func threads(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/self/task/*/status")
	must(t, err)
	return paths
}

// TestOnThread changes what belongs to a thread, many times at once.
func TestOnThread(t *testing.T) {
	failed := errors.New("failed")
	var all sync.WaitGroup
	var mu sync.Mutex
	ids := map[int]int{}
	for range 64 {
		all.Go(func() {
			err := OnThread(func() error {
				mu.Lock()
				ids[unix.Gettid()]++
				mu.Unlock()
				if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
					return err
				}
				return failed
			})
			if !errors.Is(err, failed) {
				t.Errorf("OnThread = %v, want what f returned", err)
			}
		})
	}
	all.Wait()
	if ids[os.Getpid()] != 0 {
		t.Error("f ran on the main thread")
	}
	// A thread ends a moment after its goroutine.
	for deadline := time.Now().Add(20 * time.Second); len(marked(t)) > 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("threads that stay: %v", marked(t))
		}
	}
}

// marked returns the threads that f has left behind.
func marked(t *testing.T) (left []string) {
	for _, path := range threads(t) {
		if statusOf(path)["NoNewPrivs"] == "1" {
			left = append(left, path)
		}
	}
	return left
}

// TestCredentialRefused has a user who may not execute the file.
func TestCredentialRefused(t *testing.T) {
	rootOnly(t)
	path := filepath.Join(t.TempDir(), "program")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700))
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	_, err = Start(Spec{Binary: f, Path: path, Args: []string{"x"}, Credential: &Credential{UID: 64999, GID: 64998}}, func(Extra) []string { return nil })
	if err == nil || !strings.Contains(err.Error(), "as user 64999 and group 64998: the file is not executable for them") {
		t.Errorf("Start = %v, want an error that names the user", err)
	}
}
