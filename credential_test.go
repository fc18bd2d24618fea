//go:build linux

package overseer_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
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
	c.Required = os.Getenv("TEST_OPTIONAL") == ""
	c.StateDir = os.Getenv("TEST_STATE")
	c.Credential = &overseer.Credential{
		User:               or(os.Getenv("TEST_USER"), fmt.Sprint(stranger)),
		Group:              os.Getenv("TEST_GROUP"),
		AllowNewPrivileges: os.Getenv("TEST_PRIVILEGES") != "",
	}
	c.Program = func(s overseer.State) {
		mux := http.NewServeMux()
		mux.HandleFunc("/try/{what}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, try(s, r.PathValue("what"))) })
		serveMux(s, mux)
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
func try(s overseer.State, what string) string {
	var err error
	switch what {
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
	case "memory":
		_, err = os.OpenFile(fmt.Sprintf("/proc/%d/mem", os.Getppid()), os.O_RDONLY, 0)
	case "environ":
		_, err = os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid()))
	case "descriptors":
		_, err = os.ReadDir(fmt.Sprintf("/proc/%d/fd", os.Getppid()))
	case "trace":
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err = syscall.PtraceAttach(os.Getppid())
	case "id":
		out, err := exec.Command(filepath.Join(filepath.Dir(s.BinPath), "setid"), "-u").CombinedOutput()
		return fmt.Sprint(strings.TrimSpace(string(out)), " ", err)
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
	four := func(id int) string { return fmt.Sprint(id, id, id, id) } // real, effective, saved, of files
	uid, gid, none := four(stranger), four(strangerGroup), "0000000000000000"
	for _, c := range []struct{ key, want string }{
		{"Name", "app"}, {"Uid", uid}, {"Gid", gid}, {"Groups", ""}, {"NoNewPrivs", "1"},
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
	s := startService(t, lowered, rooted(t, env("TEST_PROBATION", badOnTrial))...)
	s.live(1)
	isStranger(t, s.pidOf(1))
	if got := statusOf(t, s.PID); got["Uid"] != "0 0 0 0" || got["NoNewPrivs"] != "0" {
		t.Errorf("the master has users %q and no_new_privs %s, want root's and 0", got["Uid"], got["NoNewPrivs"])
	}
	if master, worker := statusOf(t, s.PID)["Umask"], statusOf(t, s.pidOf(1))["Umask"]; master != worker {
		t.Errorf("the worker has umask %s, the master %s: want the same", worker, master)
	}
	load := startLoad(t, s, loadtest.NewConnection, 4)
	s.restart()
	isStranger(t, s.pidOf(2))
	s.upgrades()
	isStranger(t, s.pidOf(3))
	publish(t, s.Next, plan{Version: "3", Fault: "unhealthy in service"})
	s.await(1, `msg="rolled back"`)
	s.await(1, "msg=gone", "generation=4")
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

// TestWorkerOfAnotherUserCannot is what a worker is kept from, and what it is
// not, of the installed binary and on trial alike.
func TestWorkerOfAnotherUserCannot(t *testing.T) {
	t.Parallel()
	s := startService(t, lowered, rooted(t, env("TEST_PROBATION", "1h"), withSetID)...)
	s.live(1)
	tries := []struct{ name, try, want string }{
		{"cannot bind a port below 1024", "bind", "listen tcp 127.0.0.1:1: bind: permission denied"},
		{"cannot write to the binary", "write", "open " + s.Binary + ": permission denied"},
		{"cannot rename the binary away", "replace", "rename " + s.Binary + " " + s.Binary + ".away: permission denied"},
		{"cannot make files beside it", "create", "open " + s.Dir + "/new: permission denied"},
		{"cannot signal the master", "signal", "operation not permitted"},
		{"cannot read the memory of the master", "memory", "open /proc/%d/mem: permission denied"},
		{"cannot read the environment of the master", "environ", "open /proc/%d/environ: permission denied"},
		{"cannot reach the descriptors of the master", "descriptors", "open /proc/%d/fd: permission denied"},
		{"cannot trace the master", "trace", "operation not permitted"},
		{"cannot become root by a set-id program", "id", fmt.Sprint(stranger, " <nil>")},
		{"has the surroundings of its user", "home", "/  "},
		{"may read its own binary", "read", "<nil>"},
	}
	for _, of := range []string{"of the installed binary", "on trial"} {
		for _, c := range tries {
			t.Run(of+" "+c.name, func(t *testing.T) {
				if start, _ := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); c.try == "bind" && string(start) < "2" {
					t.Skip("here everybody may bind every port: net.ipv4.ip_unprivileged_port_start")
				}
				want := strings.ReplaceAll(c.want, "%d", fmt.Sprint(s.PID))
				if got, err := tryGet(s.Address(), "/try/"+c.try); err != nil || got != want {
					t.Errorf("got %q (%v), want %q", got, err, want)
				}
			})
		}
		publish(t, s.Next, plan{Version: "2"})
		s.await(1, "msg=trial")
	}
	s.stop()
}

// withSetID puts a copy of id(1) beside the binary that runs as root.
func withSetID(s *service) {
	setid := filepath.Join(s.Dir, "setid")
	if out, err := exec.Command("install", "-m", "4755", "/usr/bin/id", setid).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

// TestCredentialOfAnAccount has a user with a name, who is allowed to gain rights
// and does; the master keeps a port that only root may bind, and a binary that
// nobody else may run.
func TestCredentialOfAnAccount(t *testing.T) {
	t.Parallel()
	account, err := user.LookupId(fmt.Sprint(nobody))
	if err != nil {
		t.Skipf("no account has the number %d here: %v", nobody, err)
	}
	pid := os.Getpid()
	address := fmt.Sprintf("127.77.%d.%d:443", pid>>8&0xff, pid&0xff)
	s := startService(t, lowered, rooted(t,
		env("TEST_USER", account.Username), env("TEST_GROUP", ""), env("TEST_PRIVILEGES", "yes"), env("TEST_ADDRESS", address), withSetID,
		func(s *service) {
			writeRelease(t, s.Binary, plan{Version: "1"})
			gid, err := strconv.Atoi(account.Gid)
			if err := errors.Join(err, os.Chown(s.Binary, 0, gid), os.Chmod(s.Binary, 0o750)); err != nil {
				t.Fatal(err)
			}
		})...)
	s.live(1)
	s.upgrades()
	for _, c := range []struct{ name, try, want string }{
		{"surroundings", "home", account.HomeDir + " " + account.Username + " " + account.Username},
		{"set-id program", "id", "0 <nil>"},
	} {
		if got, err := tryGet(address, "/try/"+c.try); err != nil || got != c.want {
			t.Errorf("%s: got %q (%v), want %q", c.name, got, err, c.want)
		}
	}
	status := statusOf(t, s.pidOf(2))
	if want := account.Gid; status["Groups"] != want || status["CapEff"] != "0000000000000000" || status["NoNewPrivs"] != "0" {
		t.Errorf("groups %q, want %q; capabilities %s, no_new_privs %s, want 0", status["Groups"], want, status["CapEff"], status["NoNewPrivs"])
	}
	s.stop()
}

// TestPreflightIsOfAnotherUser has a release whose code before Run does what only
// root may; the service is at a path where the worker could not bind.
func TestPreflightIsOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := startService(t, lowered, rooted(t, func(s *service) {
		env("TEST_ADDRESS", "unix://"+filepath.Join(s.Dir, "socket")+"?mode=0600")(s)
	})...)
	s.live(1)
	publish(t, s.Next, plan{Version: "2", Fault: "root in init"})
	s.await(1, preflighted, "init runs as user 64999")
	socket := filepath.Join(s.Dir, "socket")
	if got := request(t, "unix", socket); got != "version 1\n" {
		t.Errorf("answer %q, want version 1", got)
	}
	s.stop()
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("%q is left behind (%v)", socket, err)
	}
}

// TestOlderMasterWithCredential has a master of the older library start the
// program, with its own rights: it must not run.
func TestOlderMasterWithCredential(t *testing.T) {
	t.Parallel()
	s := startOlder(t, lowered, env("TEST_OPTIONAL", "yes"))
	if code := s.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	s.allGone()
	eventually(t, "the reason is told", func() bool { return s.count("cannot start a worker as one: restart the service") == 1 })
	if s.count("program of generation") != 0 {
		t.Error("the program was run, want it refused")
	}
}

// TestCredentialIsNeverPassedOver has masters that cannot do as they are told. The
// program must not run instead with the rights of the master.
func TestCredentialIsNeverPassedOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options []option
		says    string
	}{
		{"unknown user", []option{env("TEST_USER", "no-such-user")}, `look up user "no-such-user"`},
		{"number without a group", []option{env("TEST_GROUP", "")}, "so it has no group: name one"},
		{"root", []option{env("TEST_USER", "0")}, "the user is root"},
		{"binary of the user's", []option{func(s *service) {
			writeRelease(s.t, s.Binary, plan{Version: "1"})
			os.Chown(s.Binary, stranger, strangerGroup)
		}}, "may write to"},
		{"state among the files of the user's", []option{func(s *service) {
			data := filepath.Join(s.Dir, "data")
			if err := errors.Join(os.Mkdir(data, 0o755), os.Chown(data, stranger, strangerGroup)); err != nil {
				s.t.Fatal(err)
			}
			env("TEST_STATE", filepath.Join(data, "state"))(s)
		}}, "Config.StateDir"},
		{"root that may set no groups", []option{via("setpriv", "--bounding-set", "-setgid,-setuid")}, "it needs CAP_SETGID"},
		{"root that may become nobody", []option{via("setpriv", "--bounding-set", "-setuid")}, "it needs CAP_SETUID"},
		{"master of another user", []option{asNobody(t)}, "cannot become another: start it as root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			options := rooted(t, env("TEST_OPTIONAL", "yes"))
			s := startService(t, lowered, append(options, c.options...)...)
			if code := s.wait(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			eventually(t, "an error with "+c.says, func() bool { return s.count(c.says) == 1 })
			if s.count("program of generation") != 0 {
				t.Error("the program was run")
			}
		})
	}
}

// TestCredentialOfTheSameUser needs no root.
func TestCredentialOfTheSameUser(t *testing.T) {
	t.Parallel()
	uid, gid, options := os.Geteuid(), os.Getegid(), []option(nil)
	if uid == 0 {
		uid, gid, options = nobody, nobody, []option{asNobody(t)}
	}
	s := startService(t, lowered, append(options, env("TEST_USER", fmt.Sprint(uid)), env("TEST_GROUP", fmt.Sprint(gid)))...)
	s.live(1)
	s.upgrades()
	if got := statusOf(t, s.pidOf(2))["NoNewPrivs"]; got != "1" {
		t.Errorf("no_new_privs is %s, want 1", got)
	}
	s.stop()
}

// TestCredentialInAUserNamespace is a rootless container: its root is nobody on
// the host.
func TestCredentialInAUserNamespace(t *testing.T) {
	t.Parallel()
	const base = 100000
	s := startService(t, lowered, rooted(t, func(s *service) {
		writeRelease(t, s.Binary, plan{Version: "1"})
		if err := errors.Join(os.Chown(s.Dir, base, base), os.Chown(s.Binary, base, base)); err != nil {
			t.Fatal(err)
		}
		ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: base, Size: 1 << 16}}
		s.cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true,
			Credential: &syscall.Credential{},
		}
		if err := exec.Command("unshare", "--user", "true").Run(); err != nil {
			t.Skipf("no user namespace can be made here: %v", err)
		}
	})...)
	s.live(1)
	s.restart()
	s.upgrades()
	for pid, want := range map[int]int{s.PID: base, s.pidOf(3): base + stranger} {
		if uid, _, _ := strings.Cut(statusOf(t, pid)["Uid"], " "); uid != fmt.Sprint(want) {
			t.Errorf("process %d is user %s of the host, want %d", pid, uid, want)
		}
	}
	s.stop()
}
