package socket

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, row := range []struct {
		name, spec string
		want       Address
	}{
		{"port alone", ":3000", Address{Network: "tcp", Port: "3000"}},
		{"port 0", "127.0.0.1:0", Address{Network: "tcp", Host: "127.0.0.1", Port: "0"}},
		{"IPv6", "[::1]:80", Address{Network: "tcp", Host: "::1", Port: "80"}},
		{"zone", "[fe80::1%eth0]:80", Address{Network: "tcp", Host: "fe80::1%eth0", Port: "80"}},
		{"names", "localhost:http", Address{Network: "tcp", Host: "localhost", Port: "http"}},
		{"rooted name", "localhost.:80", Address{Network: "tcp", Host: "localhost.", Port: "80"}},
		{"tcp", "tcp://:3000", Address{Network: "tcp", Port: "3000"}},
		{"tcp4", "tcp4://0.0.0.0:3000", Address{Network: "tcp4", Host: "0.0.0.0", Port: "3000"}},
		{"tcp6", "tcp6://[::]:3000", Address{Network: "tcp6", Host: "::", Port: "3000"}},
		{"udp", "udp://:53", Address{Network: "udp", Port: "53"}},
		{"udp4", "udp4://:53", Address{Network: "udp4", Port: "53"}},
		{"udp6", "udp6://[::1]:53", Address{Network: "udp6", Host: "::1", Port: "53"}},
		{"unix", "unix:///run/app.sock", Address{Network: "unix", Path: "/run/app.sock"}},
		{"unix mode", "unix:///run/app.sock?mode=0660", Address{Network: "unix", Path: "/run/app.sock", Mode: 0o660}},
		{"unix mode without 0", "unix:///run/app.sock?mode=600", Address{Network: "unix", Path: "/run/app.sock", Mode: 0o600}},
		{"unix path as it is", "unix:///run/a%20b c.sock", Address{Network: "unix", Path: "/run/a%20b c.sock"}},
		{"inherited", "systemd:web", Address{Network: "systemd", Name: "web"}},
		{"inherited, a name like a port", "systemd:80", Address{Network: "systemd", Name: "80"}},
		{"longest path", "unix:///" + strings.Repeat("a", sunPathMax-2), Address{Network: "unix", Path: "/" + strings.Repeat("a", sunPathMax-2)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want.Spec = row.spec
			got, err := Parse(row.spec)
			if err != nil || got != row.want {
				t.Fatalf("Parse(%q) = %+v, %v; want %+v", row.spec, got, err, row.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ name, spec, want string }{
		{"empty", "", "it is empty"},
		{"scheme alone", "tcp://", "missing port"},
		{"port without colon", "3000", "missing port"},
		{"host alone", "localhost", "missing port"},
		{"host and colon", "localhost:", "missing port"},
		{"IPv6 without brackets", "::1", "brackets"},
		{"brackets without port", "[::1]", "missing port"},
		{"brackets left open", "[::1:80", "missing ']'"},
		{"port too big", ":65536", "not between 0 and 65535"},
		{"port negative", ":-1", "neither a number nor"},
		{"port with path", "tcp://:80/", `port "80/"`},
		{"port with space", ":80 ", `port "80 "`},
		{"host with space", " :80", `host " "`},
		{"star", "*:80", "leave the host empty"},
		{"bad IPv4", "256.0.0.1:80", "not an IP address"},
		{"tcp4 with IPv6", "tcp4://[::1]:80", "needs an IPv4 address"},
		{"udp6 with IPv4", "udp6://127.0.0.1:80", "needs an IPv6 address"},
		{"unknown scheme", "http://:80", `unknown scheme "http": known are tcp, tcp4, tcp6, udp, udp4, udp6, unix`},
		{"no scheme", "://:80", `unknown scheme ""`},
		{"path without scheme", "/run/app.sock", `write "unix:///run/app.sock"`},
		{"unix with one colon", "unix:/run/app.sock", `"unix:///path"`},
		{"unix empty", "unix://", "missing path"},
		{"unix relative", "unix://app.sock", "relative path"},
		{"unix directory", "unix:///run/", "names a directory"},
		{"unix dots", "unix:///run/..", "names a directory"},
		{"unix NUL", "unix:///run/a\x00b", "NUL"},
		{"unix too long", "unix:///" + strings.Repeat("a", sunPathMax-1), "path too long"},
		{"mode empty", "unix:///a?mode=", "bad mode"},
		{"mode zero", "unix:///a?mode=0000", "bad mode"},
		{"mode decimal", "unix:///a?mode=0689", "bad mode"},
		{"mode with set-uid", "unix:///a?mode=4755", "bad mode"},
		{"mode and more", "unix:///a?mode=0660&mode=0600", "bad mode"},
		{"option unknown", "unix:///a?user=x", `unknown option "user"`},
		{"inherited without a name", "systemd:", "missing name"},
		{"inherited with slashes", "systemd://web", "without slashes"},
		{"inherited with a colon", "systemd:a:b", "no colon"},
		{"inherited, too long", "systemd:" + strings.Repeat("a", 256), "up to 255"},
		{"option empty", "unix:///a?", `unknown option ""`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Parse(row.spec)
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.HasPrefix(err.Error(), "address ") {
				t.Fatalf("Parse(%q) = %+v, %v; want an error that names the address, with %q", row.spec, got, err, row.want)
			}
			if got != (Address{}) {
				t.Fatalf("Parse(%q) = %+v beside an error; want the zero Address", row.spec, got)
			}
		})
	}
}

func TestParseAbstract(t *testing.T) {
	got, err := Parse("unix://@overseer")
	if !hasAbstract {
		if err == nil || !strings.Contains(err.Error(), "Linux only") {
			t.Fatalf("Parse = %+v, %v; want an error that says Linux only", got, err)
		}
		return
	}
	if want := (Address{Spec: "unix://@overseer", Network: "unix", Path: "@overseer"}); err != nil || got != want {
		t.Fatalf("Parse = %+v, %v; want %+v", got, err, want)
	}
	for spec, want := range map[string]string{
		"unix://@":            "missing name",
		"unix://@a?mode=0600": "takes no option",
		"unix://@" + strings.Repeat("a", sunPathMax): "path too long",
	} {
		if got, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v; want an error with %q", spec, got, err, want)
		}
	}
}

func TestResolved(t *testing.T) {
	tcp := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 43211}
	for _, row := range []struct{ name, spec, want string }{
		{"given port", "localhost:80", "localhost:80"},
		{"plain stays plain", "127.0.0.1:0", "127.0.0.1:43211"},
		{"scheme stays", "tcp4://127.0.0.1:0", "tcp4://127.0.0.1:43211"},
		{"zero in two digits", "127.0.0.1:00", "127.0.0.1:43211"},
		{"unix", "unix:///a?mode=0600", "unix:///a?mode=0600"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := parsed(t, row.spec).Resolved(tcp); got != row.want {
				t.Fatalf("%q resolved to %v is %q; want %q", row.spec, tcp, got, row.want)
			}
		})
	}
}

func TestParseAll(t *testing.T) {
	for _, row := range []struct {
		name  string
		specs []string
		want  string
	}{
		{"none", nil, ""},
		{"port 0 twice", []string{":0", ":0"}, ""},
		{"inherited twice", []string{"systemd:web", "systemd:web"}, ""},
		{"same port, other family", []string{"tcp4://:80", "tcp6://:80", "udp://:80"}, ""},
		{"bad one", []string{":1", ":2", "x"}, `read Addresses[2]: address "x": missing port`},
		{"twice", []string{":1", ":80", ":80"}, `read Addresses[2]: address ":80" is the same as Addresses[1] ":80"`},
		{"other spelling of the scheme", []string{":80", "tcp://:80"}, "is the same as"},
		{"other spelling of the IP", []string{"[::1]:80", "tcp6://[0:0::1]:080"}, "is the same as"},
		{"other spelling of the path", []string{"unix:///run/a", "unix:///run//a?mode=0600"}, "is the same as"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := ParseAll(row.specs)
			if row.want == "" {
				if err != nil || len(got) != len(row.specs) {
					t.Fatalf("ParseAll(%q) = %v, %v; want all", row.specs, got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("ParseAll(%q) = %v, %v; want an error with %q", row.specs, got, err, row.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", ":3000", "127.0.0.1:0", "[::1]:80", "tcp4://:1", "udp6://[fe80::1%lo]:53", "unix:///run/app.sock?mode=0660", "unix://@name", "http://x:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		a, err := Parse(spec)
		if err != nil {
			if a != (Address{}) || len(err.Error()) > 5*len(spec)+2000 {
				t.Fatalf("Parse(%q) = %+v, %v; want the zero Address and a bounded error", spec, a, err)
			}
			return
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Fatalf("Parse(%q) = %+v, and of its String %+v, %v", spec, a, again, err)
		}
		if a.Network == "unix" {
			if len(a.Path) > sunPathMax || a.Host+a.Port != "" || a.Mode&^0o777 != 0 {
				t.Fatalf("Parse(%q) = %+v", spec, a)
			}
		} else if host, port, err := net.SplitHostPort(a.target()); err != nil || host != a.Host || port != a.Port || port == "" {
			t.Fatalf("Parse(%q) = %+v, whose target %q reads as %q %q %v", spec, a, a.target(), host, port, err)
		}
		if _, err := ParseAll([]string{spec, spec}); (err == nil) != (a.Network != "unix" && a.anyPort()) {
			t.Fatalf("ParseAll of %q twice: %v", spec, err)
		}
	})
}

// parsed is Parse for a test that knows its address to be good.
func parsed(t testing.TB, spec string) Address {
	t.Helper()
	a, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// dial connects, which succeeds while the socket listens, accepted or not.
func dial(t testing.TB, network, address string) {
	t.Helper()
	conn, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
