//go:build linux

package credential

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// childVariable makes the test binary check a credential and tell the result: a
// test cannot give its own rights away.
const childVariable = "CREDENTIAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		var c proc.Credential
		var group uint32
		if n, err := fmt.Sscan(text, &c.UID, &c.GID, &group); n < 2 {
			panic(err)
		} else if n == 3 {
			c.Groups = []uint32{group}
		}
		fmt.Println(Check(&c, "/bin/true"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A user who is nobody else.
const (
	uid = 64999
	gid = 64998
)

func rootOnly(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: cannot become another user")
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// checkAs has a process of the user uid check a credential of these numbers.
func checkAs(t *testing.T, numbers ...int) string {
	t.Helper()
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	path, err := os.Executable()
	must(t, err)
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	cmd := exec.CommandContext(t.Context(), "/proc/self/fd/3") // its directory is root's alone
	cmd.ExtraFiles = []*os.File{f}
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join(words, " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	out, err := cmd.CombinedOutput()
	must(t, err)
	return strings.TrimSpace(string(out))
}
