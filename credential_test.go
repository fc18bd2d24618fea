//go:build linux

package overseer_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// stranger is a number without an account. Its group is another number, so that
// the two cannot be mixed up.
const (
	stranger      = 64999
	strangerGroup = 64998
)

// lowered is the web service with workers of another user. Its address is to be
// one that only root may bind. What a worker has tried with its rights it answers
// for each path below /try.
var lowered = register("lowered", func() {
	c := webConfig()
	if a := os.Getenv("TEST_ADDRESS"); a != "" {
		c.Address = a
	}
	c.Credential = &overseer.Credential{
		User:               or(os.Getenv("TEST_USER"), fmt.Sprint(stranger)),
		Group:              os.Getenv("TEST_GROUP"),
		AllowNewPrivileges: os.Getenv("TEST_PRIVILEGES") != "",
	}
	c.Program = func(s overseer.State) {
		http.HandleFunc("/try/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, try(s, r.URL.Path)) })
		serveWeb(s)
	}
	overseer.Run(c)
})

func or(s, preset string) string {
	if s == "" {
		return preset
	}
	return s
}

// try is what a worker can do.
func try(s overseer.State, path string) string {
	var err error
	switch strings.TrimPrefix(path, "/try/") {
	case "bind":
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:1"); err == nil {
			l.Close()
		}
	case "write":
		var f *os.File
		if f, err = os.OpenFile(s.BinPath, os.O_WRONLY, 0); err == nil || errors.Is(err, syscall.ETXTBSY) {
			f.Close()
		}
	case "replace":
		err = os.Rename(s.BinPath, s.BinPath+".away")
	case "create":
		err = os.WriteFile(filepath.Join(filepath.Dir(s.BinPath), "new"), nil, 0o600)
	case "signal":
		err = syscall.Kill(os.Getppid(), syscall.SIGTERM)
	case "id":
		out, err := exec.Command(filepath.Join(filepath.Dir(s.BinPath), "setid"), "-u").CombinedOutput()
		return strings.TrimSpace(fmt.Sprintf("%s %v", out, err))
	case "home":
		return strings.Join([]string{os.Getenv("HOME"), os.Getenv("USER"), os.Getenv("LOGNAME")}, " ")
	case "read":
		self, exeErr := os.Executable()
		_, err = os.ReadFile(self)
		err = errors.Join(exeErr, err)
	}
	return fmt.Sprint(err)
}

// rooted puts a service where nobody but root may write: the directories that
// tests get are root's alone.
func rooted(t *testing.T, options ...option) []option {
	rootOnly(t)
	return append([]option{env("TEST_GROUP", fmt.Sprint(strangerGroup)), func(s *service) {
		if err := errors.Join(os.Chmod(filepath.Dir(s.Dir), 0o755), os.Chmod(s.Dir, 0o755)); err != nil {
			t.Fatal(err)
		}
	}}, options...)
}

// statusOf returns lines of proc(5)'s status of a process, without tabs.
func statusOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		all[key] = strings.Join(strings.Fields(value), " ")
	}
	return all
}

// isStranger checks that a process has no right but those of its user.
func isStranger(t *testing.T, pid int) {
	t.Helper()
	status := statusOf(t, pid)
	uid, gid, none := strings.TrimSuffix(strings.Repeat(fmt.Sprint(stranger, " "), 4), " "), strings.TrimSuffix(strings.Repeat(fmt.Sprint(strangerGroup, " "), 4), " "), "0000000000000000"
	for _, c := range []struct{ key, want string }{
		{"Uid", uid}, {"Gid", gid}, {"Groups", ""}, {"NoNewPrivs", "1"},
		{"CapEff", none}, {"CapPrm", none}, {"CapAmb", none},
	} {
		if got := status[c.key]; got != c.want {
			t.Errorf("process %d: %s is %q, want %q", pid, c.key, got, c.want)
		}
	}
}

// TestWorkersOfAnotherUser restarts and upgrades, with all releases of root's and
// all workers without any right.
func TestWorkersOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := startService(t, lowered, rooted(t, env("TEST_PROBATION", "500ms"))...)
	s.live(1)
	isStranger(t, s.pidOf(1))
	if got := statusOf(t, s.PID); got["Uid"] != "0 0 0 0" || got["NoNewPrivs"] != "0" {
		t.Errorf("the master has users %q and no_new_privs %s, want root's and 0", got["Uid"], got["NoNewPrivs"])
	}
	load := startLoad(t, s, loadtest.NewConnection, 4)
	s.restart()
	isStranger(t, s.pidOf(2))
	s.upgrades()
	isStranger(t, s.pidOf(3))
	publish(t, s.Next, plan{Version: "3", Fault: "unhealthy in service"})
	s.await(1, `msg="rolled back"`)
	if got := request(t, "tcp", s.Address()); got != "version 2\n" {
		t.Errorf("answer %q after the rollback, want version 2", got)
	}
	noLoss(t, load)
	info, err := os.Stat(s.Binary)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); info.Mode() != 0o755 || owner.Uid != 0 || owner.Gid != 0 {
		t.Errorf("the new binary has mode %v and owner %d:%d, want %v and root's", info.Mode(), owner.Uid, owner.Gid, os.FileMode(0o755))
	}
	s.stop()
}

// TestWorkerOfAnotherUserCannot is what a worker is kept from, on the installed
// binary and in a trial alike.
func TestWorkerOfAnotherUserCannot(t *testing.T) {
	t.Parallel()
	s := startService(t, lowered, rooted(t, env("TEST_PROBATION", "1h"), func(s *service) {
		setid := filepath.Join(s.Dir, "setid")
		if err := exec.Command("cp", "/usr/bin/id", setid).Run(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(setid, os.ModeSetuid|0o755); err != nil {
			t.Fatal(err)
		}
	})...)
	s.live(1)
	cannot := func() {
		t.Helper()
		for _, c := range []struct{ name, try, want string }{
			{"bind a port below 1024", "bind", "listen tcp 127.0.0.1:1: bind: permission denied"},
			{"write to the binary", "write", "open " + s.Binary + ": permission denied"},
			{"rename the binary away", "replace", "rename " + s.Binary + " " + s.Binary + ".away: permission denied"},
			{"make files beside it", "create", "open " + s.Dir + "/new: permission denied"},
			{"signal the master", "signal", "operation not permitted"},
			{"become root by a set-id program", "id", fmt.Sprint(stranger, " <nil>")},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got, err := tryGet(s.Address(), "/try/"+c.try); err != nil || got != c.want {
					t.Errorf("got %q (%v), want %q", got, err, c.want)
				}
			})
		}
		for _, c := range []struct{ name, try, want string }{
			{"has the surroundings of its user", "home", "/  "},
			{"may read its own binary", "read", "<nil>"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got, err := tryGet(s.Address(), "/try/"+c.try); err != nil || got != c.want {
					t.Errorf("got %q (%v), want %q", got, err, c.want)
				}
			})
		}
	}
	cannot()
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=trial")
	cannot()
	s.stop()
}
