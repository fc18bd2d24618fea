package socket

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/systemd"
	"golang.org/x/sys/unix"
)

// left returns what a service manager would leave: a copy of each descriptor.
func left(t *testing.T, name string, c interface {
	File() (*os.File, error)
}) systemd.Socket {
	t.Helper()
	f, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	return systemd.Socket{FD: fd, Name: name}
}

func leftTCP(t *testing.T, name, address string) (systemd.Socket, string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return left(t, name, l.(*net.TCPListener)), l.Addr().String()
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// listenInherited binds addresses, some of which were left.
func listenInherited(t *testing.T, in *Inherited, specs ...string) ([]*Socket, error) {
	t.Helper()
	addrs, err := ParseAll(specs)
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := Listen(context.Background(), addrs, Options{Retry: -1, Inherited: in})
	t.Cleanup(func() {
		for _, s := range sockets {
			s.Unlink()
			s.Close()
		}
	})
	return sockets, err
}

func TestInheritedByAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	unixListener, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	unixListener.SetUnlinkOnClose(false)
	defer unixListener.Close()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	one, oneAt := leftTCP(t, "web", "127.0.0.1:0")
	all, allAt := leftTCP(t, "web", ":0")
	in := Inherit([]systemd.Socket{one, all, left(t, "x", unixListener), left(t, "unknown", udp)})
	specs := []string{"udp://" + udp.LocalAddr().String(), "unix://" + path, ":" + port(allAt), "localhost:" + port(oneAt), "127.0.0.1:0"}
	sockets, err := listenInherited(t, in, specs...)
	if err != nil {
		t.Fatal(err)
	}
	for i, fd := range []uintptr{uintptr(in.all[3].FD), uintptr(in.all[2].FD), uintptr(all.FD), uintptr(one.FD)} {
		if sockets[i].FD() != fd || sockets[i].Address() != specs[i] || sockets[i].Record().StoreName != "" {
			t.Errorf("%s has descriptor %d (%+v), want %d", specs[i], sockets[i].FD(), sockets[i].Record(), fd)
		}
	}
	if s := sockets[4]; s.Record().StoreName != newStoreName("127.0.0.1:0", 1, Node{}) {
		t.Errorf("the socket that was bound is %+v, want a name to store it under", s.Record())
	}
	if err := sockets[1].Unlink(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the path is the .socket unit's: %v", err)
	}
	if rest := in.CloseUnclaimed(); rest != nil || in.Stale() != nil {
		t.Errorf("left over: %v, stale %v", rest, in.Stale())
	}
}

func TestInheritedByName(t *testing.T) {
	first, firstAt := leftTCP(t, "web", "127.0.0.1:0")
	other, otherAt := leftTCP(t, "admin", "127.0.0.1:0")
	second, secondAt := leftTCP(t, "web", "127.0.0.1:0")
	in := Inherit([]systemd.Socket{first, other, second})
	sockets, err := listenInherited(t, in, "systemd:web", "systemd:web")
	if err != nil {
		t.Fatal(err)
	}
	if sockets[0].Address() != firstAt || sockets[1].Address() != secondAt || sockets[0].Network() != "tcp" {
		t.Errorf("sockets %+v and %+v, want those at %s and %s", sockets[0].Record(), sockets[1].Record(), firstAt, secondAt)
	}
	want := []Unclaimed{{fmt.Sprintf("%q (%s)", "admin", otherAt), "no entry of Config.Addresses asks for it"}}
	if got := in.CloseUnclaimed(); !slices.Equal(got, want) {
		t.Errorf("left over: %v, want %v", got, want)
	}
	checkFlags(t, sockets[0].FD())
}

// A failure gives back what was claimed, for whoever goes on without a master.
func TestInheritedIsGivenBack(t *testing.T) {
	web, at := leftTCP(t, "web", "127.0.0.1:0")
	in := Inherit([]systemd.Socket{web})
	_, err := listenInherited(t, in, at, "systemd:nobody")
	if err == nil || !strings.Contains(err.Error(), `FileDescriptorName=nobody`) || !strings.Contains(err.Error(), at) {
		t.Fatalf("error %v, want one that names what is there and what to set", err)
	}
	a, err := Parse("systemd:web")
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := DirectInherited(context.Background(), a, in)
	if err != nil || l.Addr().String() != at {
		t.Fatalf("listener %v, error %v, want one at %s", l, err, at)
	}
	l.Close()
}

func TestInheritedIsOfNoUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	datagrams, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(t.TempDir(), "d")})
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(null.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	null.Close()
	for _, row := range []struct {
		name string
		left systemd.Socket
		says string
	}{
		{"a connection, as of Accept=yes", left(t, "web", accepted.(*net.TCPConn)), "set Accept=no"},
		{"a unix datagram socket", left(t, "web", datagrams), "use ListenStream="},
		{"no socket", systemd.Socket{FD: fd, Name: "web"}, "no socket"},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := Inherit([]systemd.Socket{row.left})
			if _, err := listenInherited(t, in, "systemd:web"); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %v, want one with %q", err, row.says)
			}
			if rest := in.CloseUnclaimed(); len(rest) != 1 || !strings.Contains(rest[0].Reason, row.says) {
				t.Errorf("left over: %v, want the reason %q", rest, row.says)
			}
		})
	}
}

// TestStoredSockets is a second start, after the first has stored its sockets.
func TestStoredSockets(t *testing.T) {
	path, stale, dropped := filepath.Join(t.TempDir(), "a.sock"), filepath.Join(t.TempDir(), "b.sock"), filepath.Join(t.TempDir(), "c.sock")
	before, err := listenInherited(t, nil, "127.0.0.1:0", "127.0.0.1:0", "unix://"+path, "unix://"+stale, "[::1]:0", "unix://"+dropped)
	if err != nil {
		t.Fatal(err)
	}
	var kept []systemd.Socket
	for _, s := range before {
		fd, err := unix.FcntlInt(s.FD(), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, systemd.Socket{FD: fd, Name: s.Record().StoreName})
	}
	if err := os.Remove(stale); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(kept) // in no order
	in := Inherit(kept)
	if !in.Stored() {
		t.Error("nothing is known to be stored")
	}
	renamed := before[4].Address()
	after, err := listenInherited(t, in, "unix://"+path, "127.0.0.1:0", "127.0.0.1:0", "unix://"+stale, "tcp://"+renamed)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range []int{2, 0, 1} {
		if got, want := after[i].Record(), before[j].Record(); got != want {
			t.Errorf("the socket is %+v, want %+v", got, want)
		}
	}
	if got := after[4].Record(); got.StoreName != newStoreName("tcp://"+renamed, 1, Node{}) {
		t.Errorf("the socket that is asked for by another text is %+v", got)
	}
	names := in.Stale()
	slices.Sort(names)
	want := []string{before[3].Record().StoreName, before[4].Record().StoreName, before[5].Record().StoreName}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("stale are %q, want %q", names, want)
	}
	rest := in.CloseUnclaimed()
	if len(rest) != 2 || !strings.Contains(rest[0].Reason, "no entry") || !strings.Contains(rest[1].Reason, "path is gone") {
		t.Errorf("left over: %v, want the socket that nobody asks for and the one whose path is gone", rest)
	}
	if _, err := os.Stat(dropped); err == nil {
		t.Error("the path of the socket that nobody asks for is still there")
	}
	if _, err := os.Stat(stale); err != nil {
		t.Errorf("the path that is another socket's by now: %v", err)
	}
	if err := after[0].Unlink(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the path of a stored socket is this master's, and is still there after Unlink")
	}
}

func TestRank(t *testing.T) {
	at := func(network, address string) local {
		return local{network: network, addr: netip.MustParseAddrPort(address)}
	}
	for _, row := range []struct {
		spec  string
		local local
		want  int
	}{
		{":80", at("tcp", "[::]:80"), 2},
		{":80", at("tcp", "0.0.0.0:80"), 1},
		{":http", at("tcp", "[::]:80"), 2},
		{":80", at("tcp", "127.0.0.1:80"), 0},
		{":80", at("tcp", "[::]:81"), 0},
		{":80", at("udp", "[::]:80"), 0},
		{"udp://:80", at("udp", "[::]:80"), 2},
		{"udp://:80", at("tcp", "[::]:80"), 0},
		{":0", at("tcp", "[::]:80"), 0},
		{"tcp4://:80", at("tcp", "0.0.0.0:80"), 1},
		{"tcp4://:80", at("tcp", "[::]:80"), 0},
		{"tcp6://:80", at("tcp", "[::]:80"), 2},
		{"tcp6://:80", at("tcp", "0.0.0.0:80"), 0},
		{"0.0.0.0:80", at("tcp", "0.0.0.0:80"), 1},
		{"0.0.0.0:80", at("tcp", "[::]:80"), 0},
		{"[::]:80", at("tcp", "[::]:80"), 1},
		{"127.0.0.1:80", at("tcp", "127.0.0.1:80"), 1},
		{"127.0.0.1:80", at("tcp", "[::ffff:127.0.0.1]:80"), 1},
		{"[::ffff:127.0.0.1]:80", at("tcp", "127.0.0.1:80"), 1},
		{"tcp4://127.0.0.1:80", at("tcp", "[::ffff:127.0.0.1]:80"), 1},
		{"[fe80::1%lo]:80", at("tcp", "[fe80::1%lo]:80"), 1},
		{"[fe80::1%lo]:80", at("tcp", "[fe80::1%eth0]:80"), 0},
		{"localhost:80", at("tcp", "127.0.0.1:80"), 1},
		{"unix:///run//a.sock", local{network: "unix", path: "/run/a.sock"}, 1},
		{"unix:///run/b.sock", local{network: "unix", path: "/run/a.sock"}, 0},
		{"unix://@a", local{network: "unix", path: "@a"}, 1},
		{"unix://@a", local{network: "unix", path: "/@a"}, 0},
	} {
		a, err := Parse(row.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.want(context.Background()).rank(row.local); got != row.want {
			t.Errorf("%s served by %s %s: rank %d, want %d", row.spec, row.local.network, row.local, got, row.want)
		}
	}
}

func TestStoreName(t *testing.T) {
	node := Node{Path: "/run/a.sock", Dev: 24, Ino: 881}
	for _, row := range []struct {
		name, spec string
		node       Node
		want       string
	}{
		{"an address", "[::1]:80", Node{}, "overseer?address=%5B%3A%3A1%5D%3A80&nth=2"},
		{"a path", "unix:///run/a.sock", node, "overseer?address=unix%3A%2F%2F%2Frun%2Fa.sock&dev=24&ino=881&nth=2"},
		{"a long path", "unix:///" + strings.Repeat("ä", 50), node, "overseer?dev=24&ino=881&nth=2&sha256="},
	} {
		t.Run(row.name, func(t *testing.T) {
			name := newStoreName(row.spec, 2, row.node)
			if !strings.HasPrefix(name, row.want) || len(name) > storeNameMax || strings.Contains(name, ":") {
				t.Errorf("name %q, want %q", name, row.want)
			}
			got, ok := parseStoreName(name)
			row.node.Path = ""
			if !ok || !got.of(row.spec, 2) || got.of(row.spec, 1) || got.of(row.spec+"x", 2) || got.node != row.node {
				t.Errorf("read as %+v, %v", got, ok)
			}
		})
	}
}

func FuzzParseStoreName(f *testing.F) {
	f.Add("overseer?address=%3A80&nth=1")
	f.Add("overseer?sha256=00&nth=1&dev=1&ino=-2")
	f.Add("web")
	f.Fuzz(func(t *testing.T, name string) {
		s, ok := parseStoreName(name)
		if ok != s.is() {
			t.Errorf("%q is read as %+v, %v", name, s, ok)
		}
	})
}
