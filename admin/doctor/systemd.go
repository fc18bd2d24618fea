package doctor

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"time"
)

// unitProperties are what is asked for of a unit.
var unitProperties = []string{
	"LoadState", "Type", "NotifyAccess", "FileDescriptorStoreMax", "KillMode", "Restart", "OOMPolicy",
	"WatchdogUSec", "WatchdogSignal", "ExecReload", "NeedDaemonReload", "FragmentPath", "LimitNOFILE",
}

// systemd looks at the unit that the master runs in, if it runs in one.
func (r *report) systemd(ctx context.Context, s Subject) {
	const check = "systemd"
	if s.PID == 0 {
		r.unknown(check, "it is not known whether the service is one of systemd", "")
		return
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", s.PID))
	if err != nil {
		r.unknown(check, err.Error(), "")
		return
	}
	unit, users := unitIn(string(data))
	switch {
	case unit == "":
		r.ok(check, "the service is none of systemd")
		return
	case users:
		r.unknown(check, unit+" is of a user's own systemd, which is not asked", "systemctl --user show "+unit+"; docs/systemd.md explains the lines")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	has, err := s.Show(ctx, unit)
	if err != nil {
		r.unknown(check, err.Error(), "systemctl show "+unit+"; docs/systemd.md explains the lines")
		return
	}
	addresses := 0
	if s.Status != nil {
		addresses = len(s.Status.Addresses)
	}
	r.unit(unit, has, addresses)
}

// unitIn returns the service in which a process runs: cgroups(7). users says that
// it is one of a user's own manager.
func unitIn(cgroup string) (unit string, users bool) {
	for l := range strings.Lines(cgroup) {
		parts := strings.SplitN(strings.TrimSpace(l), ":", 3)
		if len(parts) != 3 || parts[1] != "" && parts[1] != "name=systemd" {
			continue
		}
		for p := parts[2]; p != "/" && p != "." && p != ""; p = path.Dir(p) {
			if base := path.Base(p); strings.HasSuffix(base, ".service") && !strings.HasPrefix(base, "user@") {
				return base, strings.Contains(p, "/user@")
			}
		}
	}
	return "", false
}

// unit judges the lines of a unit; docs/systemd.md explains them.
func (r *report) unit(unit string, has map[string]string, addresses int) {
	const check = "systemd"
	before := len(*r)
	line := func(bad bool, result Result, found, advice string) {
		if bad {
			r.add(check, result, unit+": "+found, advice)
		}
	}
	notify := strings.HasPrefix(has["Type"], "notify")
	line(!notify, Warn, "Type="+has["Type"]+": systemd does not hear when the service is ready", "Type=notify")
	line(notify && has["NotifyAccess"] == "none", Fail, "NotifyAccess=none: what the master says is not heard", "remove the line; main is the default")
	line(has["NotifyAccess"] == "all", Warn, "NotifyAccess=all: each process of the service may speak for the master", "remove the line; main is the default")
	stored, err := strconv.Atoi(has["FileDescriptorStoreMax"])
	line(err == nil && stored == 0, Warn, "FileDescriptorStoreMax=0: systemd keeps no sockets, and a restart of the service refuses clients", "FileDescriptorStoreMax=16")
	line(err == nil && stored > 0 && stored < addresses, Warn, fmt.Sprintf("FileDescriptorStoreMax=%d is less than the %d addresses", stored, addresses), fmt.Sprintf("FileDescriptorStoreMax=%d", max(16, addresses)))
	line(has["KillMode"] == "control-group" || has["KillMode"] == "mixed", Warn, "KillMode="+has["KillMode"]+": workers are killed with what they are serving when the master dies", "KillMode=process")
	line(has["KillMode"] == "none", Fail, "KillMode=none: a stop is not told to the master", "KillMode=process")
	line(has["Restart"] == "no", Warn, "Restart=no: a master that is killed is not started again", "Restart=on-failure")
	line(has["OOMPolicy"] == "stop" || has["OOMPolicy"] == "kill", Warn, "OOMPolicy="+has["OOMPolicy"]+": a worker that runs out of memory ends the whole service", "OOMPolicy=continue")
	watched := has["WatchdogUSec"] != "" && has["WatchdogUSec"] != "0" && has["WatchdogUSec"] != "infinity"
	line(watched && has["WatchdogSignal"] == "6", Warn, "WatchdogSignal=SIGABRT is passed on to the program", "WatchdogSignal=SIGKILL")
	line(has["Type"] == "notify" && has["ExecReload"] == "", Warn, "there is no ExecReload=: systemctl reload does nothing", "ExecReload=/bin/kill -USR2 $MAINPID")
	line(strings.Contains(has["ExecReload"], "-HUP"), Warn, "ExecReload= sends SIGHUP, which is passed on to the program and restarts nothing", "ExecReload=/bin/kill -USR2 $MAINPID")
	line(has["NeedDaemonReload"] == "yes", Warn, "its file has changed since systemd read it", "systemctl daemon-reload")
	if len(*r) == before {
		r.ok(check, unit+" has the lines that it should")
	}
}

// show asks systemctl.
func show(ctx context.Context, unit string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "systemctl", "show", "--no-pager", "-p", strings.Join(unitProperties, ","), "--", unit)
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("systemctl show %s: %w: %.200s", unit, err, strings.TrimSpace(stderr.String()))
	}
	has := map[string]string{}
	for l := range strings.Lines(string(out)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
			has[key] = value
		}
	}
	if has["LoadState"] != "loaded" {
		return nil, fmt.Errorf("systemd does not know %s", unit)
	}
	return has, nil
}
