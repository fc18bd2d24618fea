//go:build unix

package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// As in a program, the shim comes before all else.
func init() { Take() }

// run starts the test binary as a shim. Descriptor 3 is the report pipe; more
// follow.
func run(t *testing.T, o Order, more ...*os.File) (output string, failure error) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	report, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer report.Close()
	o.Report, o.Parent = 3, os.Getpid()
	c := exec.Command(exe)
	c.Args = []string{"the name", "-c", `echo "$0 $$ $LISTEN_PID $OVERSEER_SHIM"; ls /proc/$$/fd; echo "$LISTEN_PIDFDID"`, "zero"}
	c.Env = []string{"PATH=/bin:/usr/bin", "GORACE=atexit_sleep_ms=0", o.Environ()}
	c.ExtraFiles = append([]*os.File{end}, more...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	end.Close()
	report.SetReadDeadline(time.Now().Add(time.Minute))
	failure = ReadReport(report)
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); failure != nil && c.ProcessState.ExitCode() != exitFailed {
		t.Errorf("a shim that failed ended so: %v", err)
	}
	return string(text), failure
}

func TestTake(t *testing.T) {
	sh, err := os.Open("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	defer sh.Close()
	for _, row := range []struct {
		name  string
		order Order
		files []*os.File
	}{
		{"by path", Order{Path: "/bin/sh", Listen: true}, nil},
		{"by descriptor", Order{Binary: 4, Path: "/bin/sh", Listen: true}, []*os.File{sh}},
		{"with one to close", Order{Path: "/bin/sh", Listen: true, Close: []int{4}, Death: int(syscall.SIGTERM)}, []*os.File{sh}},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, failure := run(t, row.order, row.files...)
			if failure != nil {
				t.Fatal(failure)
			}
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			words := strings.Split(lines[0], " ")
			if len(words) != 4 || words[0] != "zero" || words[1] != words[2] || words[3] != "" {
				t.Errorf("the program saw %q; want its arguments, its own number twice and no order", lines[0])
			}
			for _, fd := range lines[1 : len(lines)-1] {
				if n, _ := strconv.Atoi(fd); n == 3 || n == 4 {
					t.Errorf("the program has descriptor %d", n)
				}
			}
			if id := lines[len(lines)-1]; id != "" && strings.Trim(id, "0123456789") != "" {
				t.Errorf("LISTEN_PIDFDID is %q", id)
			}
		})
	}
}

func TestTakeFails(t *testing.T) {
	for _, row := range []struct {
		path string
		want error
	}{
		{"/nonexistent", syscall.ENOENT},
		{"/", syscall.EACCES},
	} {
		out, failure := run(t, Order{Path: row.path})
		if !errors.Is(failure, row.want) || out != "" {
			t.Errorf("%s: got %v and the output %q, want %v", row.path, failure, out, row.want)
		}
	}
}

// A variable that is not of the master's making is removed, and changes nothing.
func TestTakeLeavesOthersAlone(t *testing.T) {
	for _, value := range []string{"", "nonsense", `{"report":1}`, `{"report":999}`, `{"report":-1}`} {
		t.Setenv(Variable, value)
		Take() // it returns
		if got, there := os.LookupEnv(Variable); there {
			t.Errorf("%q: the variable is still there: %q", value, got)
		}
	}
}

func TestReadReport(t *testing.T) {
	text, err := json.Marshal(failure("execute", os.NewSyscallError("execve", syscall.ENOEXEC)))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, text, want string
	}{
		{"it runs", "", "<nil>"},
		{"it does not", string(text), "execute: exec format error"},
		{"nonsense", "{", `read what became of the start: "{"`},
		{"without a number", `{"what":"lost"}`, "lost"},
		{"too long", strings.Repeat("x", 2*maxReport), "read what became of the start"},
	} {
		if got := fmt.Sprint(ReadReport(strings.NewReader(row.text))); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	if !errors.Is(ReadReport(strings.NewReader(string(text))), syscall.ENOEXEC) {
		t.Error("the number of the error is lost")
	}
}

// What is in the pipe may come of a program that is not what it should be.
func FuzzReadReport(f *testing.F) {
	for _, text := range []string{"", "{", "{}", `{"errno":2,"what":"execute"}`, `{"errno":-1,"what":" "}`, `{"errno":18446744073709551615}`, "null"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := ReadReport(strings.NewReader(text))
		if (err == nil) != (text == "") {
			t.Fatalf("%q: got %v", text, err)
		}
		if err != nil && len(err.Error()) > 10*maxReport {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}
