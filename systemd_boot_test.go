//go:build linux

package overseer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// This file boots a real systemd, with a journal and nothing else, in namespaces
// of its own, and drives it. Nothing of the host can be changed from inside: its
// file system is read-only there, its devices, its /run, /tmp and /var are not
// there, and none of its units is. All of it ends with the test.

// share is where the test's directory is seen inside.
const share = "/run/overseer"

// systemdPath is the program that becomes PID 1.
const systemdPath = "/lib/systemd/systemd"

// bootHost is the process outside: it makes the control groups and waits.
var bootHost = register("host of systemd", func() {
	runtime.LockOSThread() // Pdeathsig is about this thread
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "host of systemd:", err)
			os.Exit(1)
		}
	}
	for _, dir := range controlGroups() {
		must(os.MkdirAll(filepath.Join(dir, os.Getenv("TEST_CGROUP")), 0o755))
		must(os.WriteFile(filepath.Join(dir, os.Getenv("TEST_CGROUP"), "cgroup.procs"), []byte("0"), 0))
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+bootInside)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWCGROUP |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNET,
		Pdeathsig: syscall.SIGKILL,
	}
	must(cmd.Start())
	go func() { // the test has ended, whichever way: systemd goes with this process
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Fprintf(os.Stderr, "systemd has pid %d.\n", cmd.Process.Pid)
	must(cmd.Wait())
})

// controlGroups are the hierarchies of the host that systemd can use: the only
// one, or, where there are several, that of version 2 and the one with its name.
func controlGroups() []string {
	var st unix.Statfs_t
	if unix.Statfs("/sys/fs/cgroup", &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
		return []string{"/sys/fs/cgroup"}
	}
	return []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"}
}

// bootInside is the process inside, which becomes systemd.
var bootInside = register("inside of systemd", func() {
	usage := func(what string, err error) {
		if err != nil {
			fmt.Fprintf(os.Stderr, "inside of systemd: %s: %v\n", what, err)
			os.Exit(1)
		}
	}
	hybrid := len(controlGroups()) > 1
	shared, err := unix.Open(os.Getenv("TEST_SHARE"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	usage("open the shared directory", err)
	mount := func(source, target, kind string, flags uintptr, data string) {
		usage("mount "+target, unix.Mount(source, target, kind, flags, data))
	}
	// First of all: nothing that is mounted here is seen outside.
	mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	mount("proc", "/proc", "proc", 0, "")
	mount("/proc/sys", "/proc/sys", "", unix.MS_BIND, "")
	mount("", "/proc/sys", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	for _, dir := range []string{"/run", "/tmp", "/var/tmp", "/var/log", "/var/lib", "/var/cache", "/dev"} {
		mount("tmpfs", dir, "tmpfs", 0, "mode=755")
	}
	mount("sysfs", "/sys", "sysfs", unix.MS_RDONLY, "")
	if hybrid {
		mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=755")
		usage("mkdir", errors.Join(os.Mkdir("/sys/fs/cgroup/unified", 0o755), os.Mkdir("/sys/fs/cgroup/systemd", 0o755)))
		mount("cgroup2", "/sys/fs/cgroup/unified", "cgroup2", 0, "")
		mount("cgroup", "/sys/fs/cgroup/systemd", "cgroup", 0, "none,name=systemd")
	} else {
		mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, "")
	}
	for name, number := range map[string][2]uint32{"null": {1, 3}, "zero": {1, 5}, "full": {1, 7}, "random": {1, 8}, "urandom": {1, 9}, "tty": {5, 0}} {
		path := filepath.Join("/dev", name)
		usage("make "+path, errors.Join(unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(number[0], number[1]))), os.Chmod(path, 0o666)))
	}
	usage("make directories", errors.Join(os.Chmod("/tmp", 0o1777), os.Chmod("/var/tmp", 0o1777),
		os.Mkdir("/dev/shm", 0o1777), os.Mkdir("/dev/pts", 0o755), os.Symlink("pts/ptmx", "/dev/ptmx"), os.Mkdir(share, 0o755)))
	mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") // services with PrivateDevices= get it from there
	mount(fmt.Sprintf("/proc/self/fd/%d", shared), share, "", unix.MS_BIND, "")
	unix.Sethostname([]byte("overseer-test")) // for the journal only
	usage("exec", unix.Exec(systemdPath, []string{systemdPath, "--system", "--unit=overseer-test.target"}, []string{
		"container=lxc", "PATH=" + os.Getenv("PATH"), "SYSTEMD_LOG_TARGET=journal", "SYSTEMD_LOG_LEVEL=info",
		"SYSTEMD_UNIT_PATH=" + share + "/units", // none of the host's
	}))
})

// A booted is a systemd that runs in namespaces of its own.
type booted struct {
	t   *testing.T
	Dir string // what is at share inside
	PID int    // of systemd, outside
	log *service
}

// bootSystemd boots one, and ends it with the test.
func bootSystemd(t *testing.T) *booted {
	t.Helper()
	usedPrograms.Store(bootHost, true)
	usedPrograms.Store(bootInside, true)
	missing := ""
	for _, program := range []string{"systemctl", "journalctl", "nsenter", "pgrep", "kill", systemdPath} {
		if _, err := exec.LookPath(program); err != nil {
			missing = program + " is not there: install the Debian packages systemd, util-linux and procps"
		}
	}
	if os.Geteuid() != 0 {
		missing = "not root: no systemd can be booted"
	}
	if missing != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	b := &booted{t: t, Dir: t.TempDir()}
	if err := os.Chmod(b.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b.writeBaseUnits()
	group := "overseer-test-" + strconv.Itoa(os.Getpid())
	t.Cleanup(func() { removeControlGroups(t, group) })
	leash, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end.Close() })
	b.log = startService(t, bootHost, env("TEST_SHARE", b.Dir), env("TEST_CGROUP", group), func(s *service) { s.cmd.Stdin = leash })
	leash.Close()
	b.log.until("pid of systemd", func() bool {
		_, after, ok := strings.Cut(b.log.Log(), "systemd has pid ")
		b.PID, _ = strconv.Atoi(strings.SplitN(after, ".", 2)[0])
		return ok && b.PID != 0
	})
	eventually(t, "systemd has booted", func() bool {
		out, _ := b.command(context.Background(), "systemctl", "is-active", "overseer-test.target").Output()
		return strings.TrimSpace(string(out)) == "active"
	})
	return b
}

// writeBaseUnits writes all units that systemd has beside those of the tests.
func (b *booted) writeBaseUnits() {
	b.t.Helper()
	units := filepath.Join(b.Dir, "units")
	if err := os.Mkdir(units, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, name := range []string{"systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"} {
		text, err := os.ReadFile(filepath.Join("/lib/systemd/system", name))
		if err != nil {
			b.t.Fatal(err)
		}
		b.writeUnit(name, string(text))
	}
	for _, name := range []string{"basic", "sysinit", "sockets", "shutdown", "umount", "final", "local-fs", "slices", "paths", "timers"} {
		b.writeUnit(name+".target", "[Unit]\nDefaultDependencies=no\n")
	}
	b.writeUnit("overseer-test.target", "[Unit]\nDefaultDependencies=no\nWants=basic.target systemd-journald.service\nAfter=basic.target systemd-journald.service\n")
}

// writeUnit writes a unit, or a drop-in.
func (b *booted) writeUnit(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.Dir, "units", name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

// removeControlGroups removes what the kernel has emptied by now.
func removeControlGroups(t *testing.T, group string) {
	for _, dir := range controlGroups() {
		eventually(t, "the control groups of the test are empty", func() bool {
			var dirs []string
			filepath.WalkDir(filepath.Join(dir, group), func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.IsDir() {
					dirs = append(dirs, path)
				}
				return nil
			})
			for i := len(dirs) - 1; i >= 0; i-- {
				os.Remove(dirs[i])
			}
			_, err := os.Stat(filepath.Join(dir, group))
			return err != nil
		})
	}
}

// command prepares a program that runs inside.
func (b *booted) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"-t", strconv.Itoa(b.PID), "-a", "--"}, args...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0")
	cmd.WaitDelay = time.Second // its child inside may hold the output open
	return cmd
}

// systemctl runs a command that must not fail, and returns what it prints.
func (b *booted) systemctl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := b.trySystemctl(args...)
	if err != nil {
		t.Fatalf("systemctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (b *booted) trySystemctl(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	out, err := b.command(ctx, append([]string{"systemctl"}, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// show returns a property of a unit.
func (b *booted) show(t *testing.T, unit, property string) string {
	t.Helper()
	return b.systemctl(t, "show", "--value", "-p", property, unit)
}

// follow returns the journal of a unit, line by line as they come.
func (b *booted) follow(t *testing.T, unit string) *service {
	t.Helper()
	s := &service{t: t, exited: make(chan struct{}), lines: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := b.command(ctx, "journalctl", "-q", "-f", "-n", "all", "-o", "cat", "-u", unit)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.exited)
		scanLines(r, s.line)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		r.Close() // what runs inside ends with systemd
		<-s.exited
		if t.Failed() {
			ctx, cancel := context.WithTimeout(context.Background(), bound)
			defer cancel()
			all, err := b.command(ctx, "sh", "-c", "journalctl --sync; journalctl -q -n 300 -o cat -u "+unit+"; systemctl status "+unit).CombinedOutput()
			t.Logf("journal of %s (%v):\n%s", unit, err, all)
		}
	})
	return s
}
