//go:build unix

package overseer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// A badServer is one way in which a release of another language can be bad.
type badServer struct {
	name  string
	fault string
	bytes string // instead of a server with a fault
	says  []string
	plan  func(*commandPlan)
}

var badServers = []badServer{
	{name: "exits at once", fault: "exits",
		says: []string{"failed its preflight and is quarantined", "in its rehearsal it exited with code 3", "cannot start"}},
	{name: "fails its check", fault: "check",
		says: []string{"failed its preflight and is quarantined", "its check exited with code 9"},
		plan: func(p *commandPlan) { p.Command.Check = []string{"--version"} }},
	{name: "is never ready", fault: "never ready",
		says: []string{"failed its preflight and is quarantined", "in its rehearsal it was not ready", "within 10s", "hangs"},
		plan: func(p *commandPlan) { p.ReadyTimeout = badShort }},
	{name: "is unhealthy", fault: "unhealthy",
		says: []string{"failed its preflight and is quarantined", "in its rehearsal it was not ready", "503"},
		plan: func(p *commandPlan) { p.ReadyTimeout = badShort }},
	{name: "becomes unhealthy on trial", fault: "becomes unhealthy",
		says: []string{`msg="rolled back"`, "probe failed", "503"},
		plan: func(p *commandPlan) { p.Probation, p.Standby = 3*time.Second, true }},
	{name: "becomes unhealthy on trial, seen by its private socket", fault: "becomes unhealthy",
		says: []string{`msg="rolled back"`, "probe failed", "503"},
		plan: func(p *commandPlan) { p.Command.PrivateProbe = true }},
	{name: "is no program", bytes: "<html>404</html>",
		says: []string{"failed its preflight and is quarantined", "is no program"}},
	{name: "has no interpreter", bytes: "#!/nonexistent/python3\n",
		says: []string{"failed its preflight and is quarantined", "no such file", "the loader that it names"}},
	{name: "exits at once, unrehearsed", fault: "exits",
		says: []string{"msg=failed", "exited with code 3 before it was live", "cannot start"}, plan: unrehearsed},
	{name: "never says that it is ready, unrehearsed", fault: "says nothing",
		says: []string{"msg=failed", "not ready within 10s"}, plan: unrehearsed},
	{name: "is unhealthy, unrehearsed", fault: "unhealthy",
		says: []string{"msg=failed", "probe failed", "503"}, plan: unrehearsed},
}

func unrehearsed(p *commandPlan) {
	p.Command.NoRehearsal, p.Command.CaptureStderr = true, true
	p.ReadyTimeout = badShort
}

// Whatever is wrong with a release in another language, the service goes on, no
// request is lost, the release is never tried again, and a good one is taken.
func TestCommandBadReleases(t *testing.T) {
	for i, bad := range badServers {
		if testing.Short() && i%2 == 1 {
			continue
		}
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			p, file, next := server(t, "")
			if bad.plan != nil {
				bad.plan(&p)
			}
			s := startCommand(t, p)
			s.live(1)
			load := commandLoad(t, s, 1, loadtest.NewConnection)
			if bad.bytes != "" {
				writeBinary(t, next, []byte(bad.bytes))
			} else {
				writeServer(t, next, "bad", bad.fault)
			}
			s.await(1, bad.says...)
			url := "http://" + s.bind()
			s.until("end of the bad release", func() bool {
				return s.count("msg=starting") == s.count("msg=gone")+s.count("msg=failed")-s.count("msg=failed", "probe")-s.count("msg=failed", "not ready")+1
			})
			if got := strings.TrimSpace(fetchText(t, url)); got != "1" {
				t.Errorf("after the bad release version %q answers", got)
			}
			if text := fetchText(t, url+"/seen"); !strings.Contains(text, file) {
				t.Errorf("what runs is %s, want %s", text, file)
			}
			writeServer(t, next, "good", "")
			s.await(1, "msg=committed")
			s.until("end of the old one", func() bool {
				return s.count("reason=\"probation passed\"") == 1 && s.count("msg=gone", "generation=1 ") == 1
			})
			if got := strings.TrimSpace(fetchText(t, url)); got != "good" {
				t.Errorf("after the good release version %q answers", got)
			}
			noLoss(t, load)
			s.stop()
		})
	}
}

// On a unix socket too a release is rehearsed, and probed on trial. The one before
// stands by for that: else it could be quicker at accepting, each time.
func TestCommandUnixSocket(t *testing.T) {
	p, _, next := server(t, "")
	p.Addresses = []string{"unix://" + filepath.Join(t.TempDir(), "s")}
	p.Probation, p.Standby = 5*time.Second, true
	s := startCommand(t, p)
	s.live(1)
	writeServer(t, next, "bad", "becomes unhealthy")
	s.await(1, `msg="rolled back"`, "503")
	s.await(1, "msg=live", "put back", "generation=1 ")
	s.stop()
}

// A program that can stand by does so while a release is on trial, and is put
// back by one signal.
func TestCommandStandby(t *testing.T) {
	p, _, next := server(t, "")
	p.Probation, p.Standby = 5*time.Second, true // the old one answers probes too until it stands by
	s := startCommand(t, p)
	s.live(1)
	writeServer(t, next, "bad", "becomes unhealthy")
	s.await(1, `msg="rolled back"`)
	s.await(1, "server 1", "standby")
	s.await(1, "server 1", "resume")
	s.await(1, "msg=live", "put back")
	writeServer(t, next, "good", "")
	s.await(1, "msg=committed")
	s.await(1, "server 1", "ends")
	s.stop()
	if n := s.count("server bad", "standby") + s.count("server good", "standby"); n > 0 {
		t.Errorf("%d signals for a standby went to a generation that was live", n)
	}
}

// The very first start has nothing to fall back on.
func TestCommandCannotStart(t *testing.T) {
	for _, row := range []struct{ name, bytes, want string }{
		{"garbage", "no program at all", "is no program for this machine"},
		{"no interpreter", "#!/nonexistent/sh\n", "no such file or directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, file, _ := server(t, "")
			writeBinary(t, file, []byte(row.bytes))
			s := startCommand(t, p)
			if code := s.wait(); code != 1 {
				t.Errorf("the master ended with code %d, want 1", code)
			}
			s.said("start the program", row.want)
		})
	}
	for _, row := range []struct {
		name string
		plan func(*commandPlan)
		want string
	}{
		{"no arguments", func(p *commandPlan) { p.Command.Args = nil }, "Config.Command.Args is empty"},
		{"not there", func(p *commandPlan) { p.Command.Args = []string{"/nonexistent/server"} }, "no such file"},
		{"a release that is not run", func(p *commandPlan) { p.ExecFile = "/bin/sh" }, "none of them is it"},
		{"a variable of the master's", func(p *commandPlan) { p.Command.Env = []string{"LISTEN_PID=1"} }, "LISTEN_PID is the master's to set"},
		{"a name too many", func(p *commandPlan) { p.Command.Names = []string{"a", "b"} }, "2 name(s) for 1 address(es)"},
		{"a name with a colon", func(p *commandPlan) { p.Command.Names = []string{"a:b"} }, "without a colon"},
		{"ready by a probe that is not there", func(p *commandPlan) { p.Command.Ready, p.Probe = overseer.ReadyByProbe, "" }, "Config.Probe is not set"},
		{"ready too late", func(p *commandPlan) { p.Command.Ready, p.Command.ReadyAfter = overseer.ReadyByTime, time.Hour }, "could never be ready"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, _, _ := server(t, "")
			row.plan(&p)
			s := startCommand(t, p)
			if code := s.wait(); code != 1 {
				t.Errorf("the master ended with code %d, want 1", code)
			}
			s.said("invalid configuration", row.want)
		})
	}
}

// A stop amid a rehearsal says nothing of the release, also where a service
// manager signals the release before the master.
func TestCommandStoppedWhileItRehearses(t *testing.T) {
	for _, row := range []struct {
		name     string
		together bool
	}{{"master alone", false}, {"all processes", true}} {
		t.Run(row.name, func(t *testing.T) {
			p, file, next := server(t, "")
			s := startCommand(t, p)
			s.live(1)
			writeServer(t, next, "2", "never ready")
			s.await(1, "server 2", "hangs")
			goOn := func() {}
			if row.together {
				_, text, _ := strings.Cut(s.word("msg=rehearsal "), "pid=")
				pid, err := strconv.Atoi(text)
				if err != nil {
					t.Fatal(err)
				}
				// However long it takes to send both, the master gets them at once.
				s.Signal(syscall.SIGSTOP)
				goOn = func() { s.Signal(syscall.SIGCONT) }
				if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				eventually(t, "the end of the release", func() bool { return !slices.Contains(session(s.PID), pid) })
			}
			s.stopDuring(goOn)
			if n := s.count("quarantined"); n > 0 {
				t.Error("the release is quarantined")
			}
			record := filepath.Join(filepath.Dir(file), ".server.overseer", "quarantine.json")
			if text, err := os.ReadFile(record); err == nil && strings.Contains(string(text), "rehearsal") {
				t.Errorf("the release is on record: %s", text)
			}
		})
	}
}
