//go:build unix

package overseer_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// Only the program's own processes are believed.
func TestCommandNotifyStranger(t *testing.T) {
	p, file, _ := server(t, "waits for a word")
	s := startCommand(t, p)
	s.await(1, "server 1", "at @overseer-notify-")
	name := ""
	s.until("name", func() bool {
		_, after, ok := strings.Cut(s.Log(), " at @")
		name, _, _ = strings.Cut(after, "\n")
		return ok
	})
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: "@" + name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("READY=1")); err != nil {
		t.Fatal(err)
	}
	s.await(1, "a message to NOTIFY_SOCKET is ignored", "is not of this generation")
	if s.count("msg=live") > 0 {
		t.Error("a stranger made the program ready")
	}
	word := filepath.Join(filepath.Dir(file), "word")
	if err := os.WriteFile(word, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.live(1)
	s.stop()
}

// A program may ask for time to end.
func TestCommandExtendsItsTime(t *testing.T) {
	p, _, _ := server(t, "slow to end")
	p.TerminateTimeout = 3 * time.Second
	s := startCommand(t, p)
	s.live(1)
	s.restart()
	s.await(1, "server 1", "ends")
	if n := s.count("msg=killed"); n > 0 {
		t.Errorf("%d generations were killed, want none: it asked for time", n)
	}
	s.stop()
}

// What a program leaves behind ends with it: it holds the sockets.
func TestCommandLeavesNothingBehind(t *testing.T) {
	p, _, _ := server(t, "leaves a child")
	s := startCommand(t, p)
	s.live(1)
	s.await(1, "server 1", "child")
	pid := s.pidOf(1)
	s.restart()
	eventually(t, "the end of the process group of generation 1", func() bool { return syscall.Kill(-pid, 0) == syscall.ESRCH })
	s.stop()
}

// When the master is killed its program is told, and ends in good order.
func TestCommandMasterKilled(t *testing.T) {
	p, _, _ := server(t, "")
	s := startCommand(t, p)
	s.live(1)
	pid := s.pidOf(1)
	url := "http://" + s.bind() + "/slow"
	answer := make(chan string, 1)
	go func() {
		text, err := askServer(url)
		if err != nil {
			text = err.Error()
		}
		answer <- text
	}()
	s.await(1, "server 1", "answers slowly")
	s.Signal(syscall.SIGKILL)
	eventually(t, "the end of the program", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
	if got := <-answer; strings.TrimSpace(got) != "1" {
		t.Errorf("the request that was under way got %q", got)
	}
	s.said("server 1", "SIGTERM")
}

// The exit code and the crash are the program's.
func TestCommandEnds(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   []string
		code   int
		output string
	}{
		{"exits", []string{"sh", "-c", "echo last words >&2; exit 7"}, 7, "code 7: \"last words\""},
		{"is killed", []string{"sh", "-c", "kill -9 $$"}, 128 + 9, "code 0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startCommand(t, commandPlan{
				Command: overseer.Command{Args: row.args, CaptureStderr: true, Ready: overseer.ReadyByTime, ReadyAfter: time.Millisecond},
			})
			if code := s.wait(); code != row.code {
				t.Errorf("the master ended with code %d, want %d", code, row.code)
			}
			s.said("crash of generation 1", row.output)
		})
	}
}

// A program without sockets is ready by its own word too.
func TestCommandWithoutSockets(t *testing.T) {
	s := startCommand(t, commandPlan{
		Addresses: []string{},
		Command:   overseer.Command{Args: []string{"sh", "-c", "trap 'exit 0' TERM; echo program runs >&2; while :; do sleep 0.05; done"}, ReadyAfter: 10 * time.Millisecond},
	})
	s.live(1)
	s.await(1, "program runs")
	s.Signal(syscall.SIGUSR2)
	s.live(2)
	s.await(2, "program runs")
	s.stop()
}
