package systemd

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func variables(pairs ...string) environ {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if value, ok := strings.CutPrefix(p, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}
}

func TestService(t *testing.T) {
	for _, row := range []struct {
		name     string
		env      environ
		none     bool
		watchdog time.Duration
		store    int
		fails    string
	}{
		{name: "nobody", env: variables(), none: true},
		{name: "empty", env: variables("NOTIFY_SOCKET="), none: true},
		{name: "a path", env: variables("NOTIFY_SOCKET=/run/notify"), store: -1},
		{name: "an abstract name", env: variables("NOTIFY_SOCKET=@notify"), store: -1},
		{name: "a virtual machine's", env: variables("NOTIFY_SOCKET=vsock:2:1"), none: true, fails: "vsock:2:1"},
		{name: "no name", env: variables("NOTIFY_SOCKET=@"), none: true, fails: "absolute path"},
		{name: "it keeps sockets", env: variables("NOTIFY_SOCKET=/n", "FDSTORE=16"), store: 16},
		{name: "it keeps none", env: variables("NOTIFY_SOCKET=/n", "FDSTORE=0"), store: 0},
		{name: "watchdog for all", env: variables("NOTIFY_SOCKET=/n", "WATCHDOG_USEC=3000000"), store: -1, watchdog: 3 * time.Second},
		{name: "watchdog for us", env: variables("NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1", "WATCHDOG_PID=7"), store: -1, watchdog: time.Microsecond},
		{name: "watchdog for another", env: variables("NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1", "WATCHDOG_PID=8"), store: -1},
		{name: "no number", env: variables("NOTIFY_SOCKET=/n", "WATCHDOG_USEC=soon"), store: -1, fails: "soon"},
		{name: "no time at all", env: variables("NOTIFY_SOCKET=/n", "WATCHDOG_USEC=0"), store: -1, fails: "WATCHDOG_USEC"},
		{name: "for ever", env: variables("NOTIFY_SOCKET=/n", "WATCHDOG_USEC=18446744073709551615"), store: -1, fails: "WATCHDOG_USEC"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := row.env.service(7)
			if row.fails == "" && err != nil || row.fails != "" && (err == nil || !strings.Contains(err.Error(), row.fails)) {
				t.Errorf("error %v, want one with %q", err, row.fails)
			}
			if (s == nil) != row.none {
				t.Fatalf("service %+v, want none: %v", s, row.none)
			}
			if s != nil && (s.Watchdog != row.watchdog || s.StoreMax != row.store) {
				t.Errorf("watchdog %v, store %d, want %v and %d", s.Watchdog, s.StoreMax, row.watchdog, row.store)
			}
		})
	}
}

func TestSockets(t *testing.T) {
	for _, row := range []struct {
		name  string
		env   environ
		want  []Socket
		fails string
	}{
		{name: "none", env: variables(), fails: errNotForUs.Error()},
		{name: "for another process", env: variables("LISTEN_PID=8", "LISTEN_FDS=1"), fails: errNotForUs.Error()},
		{name: "for nobody", env: variables("LISTEN_FDS=1"), fails: errNotForUs.Error()},
		{name: "without names", env: variables("LISTEN_PID=7", "LISTEN_FDS=2"), want: []Socket{{3, "unknown"}, {4, "unknown"}}},
		{name: "with names", env: variables("LISTEN_PID=7", "LISTEN_FDS=3", "LISTEN_FDNAMES=web:web:"), want: []Socket{{3, "web"}, {4, "web"}, {5, ""}}},
		{name: "no descriptors", env: variables("LISTEN_PID=7", "LISTEN_FDS=0", "LISTEN_FDNAMES=")},
		{name: "too few names", env: variables("LISTEN_PID=7", "LISTEN_FDS=2", "LISTEN_FDNAMES=web"), fails: "1 names"},
		{name: "no number", env: variables("LISTEN_PID=7", "LISTEN_FDS=many"), fails: `"many"`},
		{name: "a negative number", env: variables("LISTEN_PID=7", "LISTEN_FDS=-1"), fails: `"-1"`},
		{name: "too many", env: variables("LISTEN_PID=7", "LISTEN_FDS=2147483647"), fails: "LISTEN_FDS"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.env.sockets(7)
			if row.fails == "" && err != nil || row.fails != "" && (err == nil || !strings.Contains(err.Error(), row.fails)) {
				t.Errorf("error %v, want one with %q", err, row.fails)
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("sockets %v, want %v", got, row.want)
			}
		})
	}
}

func TestWithout(t *testing.T) {
	env := []string{"PATH=/bin", "NOTIFY_SOCKET=/n", "LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=a", "LISTEN_PIDFDID=2", "WATCHDOG_PID=1", "WATCHDOG_USEC=1", "FDSTORE=1", "FDSTORE_DIR=/x"}
	if got, want := Without(env), []string{"PATH=/bin", "FDSTORE_DIR=/x"}; !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
}

func TestStatus(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"plain", "generation 7 is live", "STATUS=generation 7 is live"},
		{"lines", "a\nREADY=1\x00b\r\n", "STATUS=a READY=1 b  "},
		{"no text", "a\xffb", "STATUS=a\uFFFDb"},
		{"long", strings.Repeat("ä", 600), "STATUS=" + strings.Repeat("ä", 510) + "…"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := string(Status(row.text)); got != row.want {
				t.Errorf("state %q, want %q", got, row.want)
			}
		})
	}
}

func FuzzSockets(f *testing.F) {
	f.Add("7", "2", "web:dns")
	f.Add("7", "-1", "")
	f.Add("07", "65537", ":::")
	f.Fuzz(func(t *testing.T, pid, n, names string) {
		sockets, err := variables("LISTEN_PID="+pid, "LISTEN_FDS="+n, "LISTEN_FDNAMES="+names).sockets(7)
		if err != nil && sockets != nil {
			t.Errorf("both %v and error %v", sockets, err)
		}
		for i, s := range sockets {
			if s.FD != firstFD+i || strings.Contains(s.Name, ":") {
				t.Errorf("socket %d is %+v", i, s)
			}
		}
	})
}
