//go:build linux

package overseer_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestSystemd drives services under a real systemd, with the unit files of
// docs/systemd.
func TestSystemd(t *testing.T) {
	b := bootSystemd(t)
	// These two alone: "systemctl daemon-reload" makes systemd forget how much time
	// a service has asked for.
	t.Run("service", func(t *testing.T) { testSystemdService(t, b) })
	t.Run("slow start", func(t *testing.T) { testSystemdSlowStart(t, b) })
	for name, test := range map[string]func(*testing.T, *booted){
		"activation": testSystemdActivation,
		"watchdog":   testSystemdWatchdog,
		"hardened":   testSystemdHardened,
		"dynamic":    testSystemdDynamicUser,
		"failure":    testSystemdFailure,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}

// testSystemdService is the life of app.service: start, reload, upgrades, kills
// and restarts under load, stop.
func testSystemdService(t *testing.T, b *booted) {
	rounds, kills := 50, 5
	if testing.Short() {
		rounds, kills = 5, 1
	}
	const address = "127.0.0.1:8080"
	gate := filepath.Join(b.Dir, "gate")
	makeFifo(t, gate)
	u := b.newUnit(t, "app1", unitOptions{
		addresses: address + " unix:///run/app1/app.sock",
		settings:  "TimeoutStopSec=2\nEnvironment=TEST_GATE=" + share + "/gate",
	})

	b.systemctl(t, "start", "--no-block", u.name)
	u.await(1, "program begins generation=1", "uid=1 ", `notify="" listen=""`)
	if got := u.show("ActiveState"); got != "activating" {
		t.Errorf("the service is %q before its first generation is live, want activating", got)
	}
	openGate(t, gate)
	u.becomes("ActiveState", "active")
	u.becomes("StatusText", "generation 1 (release ")
	main := u.show("MainPID")

	b.systemctl(t, "reload", "--no-block", u.name)
	u.await(1, "program begins generation=2")
	u.becomes("ActiveState", "reloading")
	b.writeUnit("app1.service.d/without-gate.conf", "[Service]\nEnvironment=TEST_GATE=\n") // at the next start
	b.systemctl(t, "daemon-reload")
	openGate(t, gate)
	u.becomes("ActiveState", "active")
	u.becomes("StatusText", "generation 2 (release ")
	if got := u.show("MainPID"); got != main {
		t.Errorf("the main process is %s after a reload, want %s still", got, main)
	}
	b.systemctl(t, "restart", u.name) // without the gate
	main = u.show("MainPID")

	load := b.load(t, "tcp", address)
	base := u.count("msg=committed")
	for i := range rounds {
		publish(t, u.next, plan{Version: fmt.Sprintf("2.%d", i)})
		u.await(base+i+1, "msg=committed")
	}
	if r := lossless(t, fmt.Sprintf("%d upgrades", rounds), load); r.Versions < rounds/2 {
		t.Errorf("the load saw %d versions, want most of %d", r.Versions, rounds)
	}
	if got := u.show("MainPID"); got != main {
		t.Errorf("the main process is %s after upgrades, want %s still", got, main)
	}
	u.becomes("StatusText", "connections open")

	for network, address := range map[string]string{"tcp": address, "unix": b.path("/run/app1/app.sock")} {
		load = b.load(t, network, address)
		for range kills {
			done := u.restarts()
			b.systemctl(t, "kill", "--kill-who=main", "-s", "KILL", u.name)
			u.restartedBySystemd(done + 1)
		}
		lossless(t, fmt.Sprintf("%d kills of the master, %s", kills, network), load)
		load = b.load(t, network, address)
		for range kills {
			b.systemctl(t, "restart", u.name)
		}
		lossless(t, fmt.Sprintf("%d times systemctl restart, %s", kills, network), load)
	}

	// An address that is gone from the configuration is gone from the store.
	if got := u.show("NFileDescriptorStore"); got != "2" {
		t.Errorf("systemd keeps %s sockets, want 2", got)
	}
	b.writeUnit("app1.service.d/without-gate.conf", "[Service]\nEnvironment=TEST_GATE= TEST_ADDRESSES="+address+"\n")
	b.systemctl(t, "daemon-reload")
	b.systemctl(t, "restart", u.name)
	u.await(1, "closed a socket that the service manager has left", "app.sock", "no entry of Config.Addresses asks for it")
	if got := u.show("NFileDescriptorStore"); got != "1" {
		t.Errorf("systemd keeps %s sockets, want 1", got)
	}

	conn, err := b.dial(t, "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan string, 1)
	held := u.count("holding a request")
	go func() { answer <- askPage(t, conn, "/hold?for=4s") }() // longer than TimeoutStopSec
	u.await(held+1, "holding a request")
	b.systemctl(t, "stop", u.name)
	if got := <-answer; !strings.HasPrefix(got, "version 2.") {
		t.Errorf("the request that was held over the stop was answered %q", got)
	}
	if got := u.show("Result"); got != "success" {
		t.Errorf("the stop ended with %q, want success", got)
	}
}

// testSystemdWatchdog stops the master of a service, and then its live worker:
// each time systemd must take the service for hung.
func testSystemdWatchdog(t *testing.T, b *booted) {
	const address = "127.0.0.1:8081"
	u := b.newUnit(t, "app2", unitOptions{addresses: address, settings: "WatchdogSec=3s"})
	u.start()
	load := b.load(t, "tcp", address)
	u.becomes("StatusText", "connections open") // it is heard from
	bites, done := u.count("Watchdog timeout"), u.restarts()
	b.systemctl(t, "kill", "--kill-who=main", "-s", "STOP", u.name)
	u.await(bites+1, "Watchdog timeout")
	u.restartedBySystemd(done + 1)
	lossless(t, "watchdog of a stopped master", load)

	workers := strings.Fields(b.insideOutput(t, "pgrep", "-P", u.show("MainPID")))
	if len(workers) != 1 {
		t.Fatalf("the master has the children %v, want one worker", workers)
	}
	bites, done = u.count("Watchdog timeout"), u.restarts()
	b.insideOutput(t, "kill", "-STOP", workers[0])
	u.await(bites+1, "Watchdog timeout")
	u.restartedBySystemd(done + 1)
	// The stopped worker goes on, and ends: it has become an orphan (setpgid(2)).
	eventually(t, "the worker that was stopped has ended", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		defer cancel()
		return b.command(ctx, "kill", "-0", workers[0]).Run() != nil
	})
	if got := u.get("tcp", address, "/"); got != "version 1\n" {
		t.Errorf("answer %q after the watchdog, want version 1", got)
	}
	b.systemctl(t, "stop", u.name)
}

// insideOutput runs a program inside that must not fail.
func (b *booted) insideOutput(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	out, err := b.command(ctx, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// testSystemdActivation has the sockets opened by systemd.
func testSystemdActivation(t *testing.T, b *booted) {
	listen := func(name, lines string) {
		b.writeUnit(name+".socket", strings.Replace(shipped(t, "app.socket", "app3"), "ListenStream=8080\nFileDescriptorName=web\n", lines+"Service=app3.service\n", 1))
	}
	listen("app3", "ListenStream=8082\nFileDescriptorName=web\n")
	listen("app3-plain", "ListenStream=127.0.0.1:8083\n")
	listen("app3-unix", "ListenStream=/run/app3.sock\n")
	listen("app3-dns", "ListenDatagram=127.0.0.1:8084\nFileDescriptorName=dns\n")
	listen("app3-more", "ListenStream=127.0.0.1:8085\nFileDescriptorName=more\n")
	u := b.newUnit(t, "app3", unitOptions{addresses: "127.0.0.1:8083 systemd:web systemd:dns unix:///run/app3.sock 127.0.0.1:8086"})
	sockets := []string{"app3.socket", "app3-plain.socket", "app3-unix.socket", "app3-dns.socket", "app3-more.socket"}
	b.systemctl(t, append([]string{"start"}, sockets...)...)

	// The first connection starts the service.
	if got := u.get("tcp", "[::1]:8082", "/"); got != "version 1\n" {
		t.Errorf("answer %q, want version 1", got)
	}
	u.await(1, "program begins", "addresses=[127.0.0.1:8083 [::]:8082 udp://127.0.0.1:8084 unix:///run/app3.sock 127.0.0.1:8086] datagrams=1", `notify="" listen=""`)
	u.await(1, "closed a socket that the service manager has left", `\"more\" (127.0.0.1:8085)`, "no entry of Config.Addresses asks for it")
	for _, c := range []struct{ network, address string }{
		{"tcp", "127.0.0.1:8082"}, {"tcp", "127.0.0.1:8083"}, {"unix", b.path("/run/app3.sock")}, {"tcp", "127.0.0.1:8086"},
	} {
		if got := u.get(c.network, c.address, "/"); got != "version 1\n" {
			t.Errorf("answer %q at %s, want version 1", got, c.address)
		}
	}
	// A stop leaves the sockets; whoever connects waits for the next start.
	load := b.load(t, "tcp", "127.0.0.1:8083")
	for range 3 {
		b.systemctl(t, "stop", u.name)
		b.systemctl(t, "start", u.name)
	}
	lossless(t, "systemctl stop and start, socket activated", load)
	b.systemctl(t, append([]string{"stop", u.name}, sockets...)...)
}

// testSystemdHardened upgrades a service that may do hardly anything.
func testSystemdHardened(t *testing.T, b *booted) {
	const address = "127.0.0.1:8087"
	u := b.newUnit(t, "app4", unitOptions{dropIns: []string{"hardened.conf"}, addresses: address})
	u.start()
	u.await(1, "program begins generation=1", "uid=1 ")
	livesOn(t, b, u, address)
}

// testSystemdDynamicUser does the same as a user that exists while it runs.
func testSystemdDynamicUser(t *testing.T, b *booted) {
	const address = "127.0.0.1:8088"
	u := b.newUnit(t, "app5", unitOptions{dropIns: []string{"hardened.conf", "dynamic-user.conf"}, addresses: address})
	u.start()
	u.await(1, "program begins generation=1")
	if u.count("uid=0 ") > 0 || u.count("uid=1 ") > 0 {
		t.Errorf("the program runs as a user that exists: %s", u.Log())
	}
	livesOn(t, b, u, address)
}

// livesOn restarts, upgrades and kills a service under load, and checks that the
// release stays over a start.
func livesOn(t *testing.T, b *booted, u *unit, address string) {
	t.Helper()
	load := b.load(t, "tcp", address)
	b.systemctl(t, "reload", u.name)
	u.await(1, "program begins generation=2")
	publish(t, u.next, plan{Version: "2"})
	u.await(1, "msg=committed")
	done := u.restarts()
	b.systemctl(t, "kill", "--kill-who=main", "-s", "KILL", u.name)
	u.restartedBySystemd(done + 1)
	b.systemctl(t, "restart", u.name)
	lossless(t, u.name, load)
	if got := u.get("tcp", address, "/"); got != "version 2\n" {
		t.Errorf("answer %q after a start, want version 2", got)
	}
	b.systemctl(t, "stop", u.name)
}

// testSystemdSlowStart has a program that takes longer to start than the unit
// allows, and not longer than ReadyTimeout.
func testSystemdSlowStart(t *testing.T, b *booted) {
	u := b.newUnit(t, "app7", unitOptions{addresses: "127.0.0.1:8090", settings: "Restart=no\nTimeoutStartSec=4\nEnvironment=TEST_SLOW_START=6s"})
	u.start()
	if got := u.show("ActiveState"); got != "active" {
		t.Errorf("the service is %q after its start, want active", got)
	}
	b.systemctl(t, "stop", u.name)
}

// testSystemdFailure has a start fail, and looks at what systemd was told.
func testSystemdFailure(t *testing.T, b *booted) {
	u := b.newUnit(t, "app6", unitOptions{addresses: "192.0.2.1:8089", settings: "Restart=no"})
	if out, err := b.trySystemctl("start", u.name); err == nil {
		t.Errorf("the service started on an address that is not there: %s", out)
	}
	if got, want := u.show("StatusErrno"), strconv.Itoa(int(syscall.EADDRNOTAVAIL)); got != want {
		t.Errorf("StatusErrno is %s, want %s", got, want)
	}
	if got := u.show("StatusText"); !strings.Contains(got, "192.0.2.1:8089") {
		t.Errorf("StatusText is %q, want the address in it", got)
	}
}
