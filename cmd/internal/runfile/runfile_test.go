package runfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const whole = `
# All settings.
program = ["sh", "-c", "exit 0"]
dir = "/"
env = ["A=1", "B=2=3"]
user = "nobody"
group = "nogroup"
pid-file = "/run/app.pid"
listen = ["http=:8080", "unix:///run/app.sock?mode=0660", "udp://:53"]
non-blocking = true
ready = "2s"
ready-timeout = "20s"
probe = "/healthz"
probe-interval = "500ms"
private-probe = true
drain-by = "SIGQUIT"
terminate-timeout = "1m"
standby-by = "usr1"
resume-by = "SIGALRM"
restart-by = "SIGHUP"
sequential = true
keep-alive = "on-failure"
capture-stderr = true
fetch = "https://releases.example.com/stable.json"
fetch-interval = "10m"
product = "app"
channel = "beta"
insecure = true
state-dir = "/var/lib/app"
check = ["--version"]
no-rehearsal = true
probation = "0s"
debug = true
`

func TestRead(t *testing.T) {
	s, err := Read(write(t, whole))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, got, want any }{
		{"program", s.Program, []string{"sh", "-c", "exit 0"}},
		{"env", s.Env, []string{"A=1", "B=2=3"}},
		{"listen", s.Listen, []Listen{{"http", ":8080"}, {"", "unix:///run/app.sock?mode=0660"}, {"", "udp://:53"}}},
		{"ready", s.Ready, Ready{By: overseer.ReadyByTime, After: 2 * time.Second}},
		{"probation", s.Probation, Span{Set: true}},
		{"keep-alive", s.KeepAlive.Alive, overseer.OnFailure},
		{"standby-by", fmt.Sprint(s.StandbyBy.Signal), "user defined signal 1"},
	} {
		if !reflect.DeepEqual(row.got, row.want) {
			t.Errorf("%s is %v, want %v", row.name, row.got, row.want)
		}
	}
	// Each key is in the file above, and has come to its field.
	for f := range fields() {
		key := f.Tag.Get("toml")
		if !strings.Contains(whole, "\n"+key+" = ") {
			if key != "key" && key != "fetch-file" && key != "exec-file" && key != "home" { // these exclude others
				t.Errorf("the test does not set %q", key)
			}
			continue
		}
		if reflect.ValueOf(s).FieldByIndex(f.Index).IsZero() {
			t.Errorf("%q was read and is zero", key)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"unknown key", "program = [\"sh\"]\nlistne = [\":80\"]\n", `app.toml:2: there is no key "listne"; they are program, dir,`},
		{"a slip", "drain_by = \"SIGTERM\"\n", `app.toml:1: there is no key "drain_by": did you mean drain-by?`},
		{"two slips", "\nlistens = []\nterminateTimeout = \"1s\"\n", "app.toml:3: there is no key \"terminateTimeout\": did you mean terminate-timeout?"},
		{"a table", "[fetch]\nurl = \"x\"\n", `app.toml:1: key "fetch": want a text in quotes`},
		{"wrong type", "\nsequential = \"yes\"\n", `app.toml:2: key "sequential": want true or false`},
		{"no list", "program = \"sh\"\n", `app.toml:1: key "program": want a list of texts: ["one", "two"]`},
		{"no time", "ready-timeout = \"soon\"\n", `app.toml:1: key "ready-timeout": time "soon": want a form such as`},
		{"a number for a time", "terminate-timeout = 30\n", `app.toml:1: key "terminate-timeout": want a time in quotes: "30s"`},
		{"no signal", "\n\ndrain-by = \"SIGFOO\"\n", `app.toml:3: key "drain-by": signal "SIGFOO": this system has none of that name`},
		{"no way to be ready", "ready = \"soon\"\n", `app.toml:1: key "ready": ready by "soon": want notify, probe, or a time`},
		{"no probe", "probe = \"healthz\"\n", `app.toml:1: key "probe": probe "healthz": want a path such as /healthz, or tcp`},
		{"no policy", "keep-alive = \"yes\"\n", `app.toml:1: key "keep-alive": keep alive "yes": want never`},
		{"an empty address", "listen = [\"http=\"]\n", `app.toml:1: key "listen": address "http="`},
		{"syntax", "program = [\n", `app.toml:1:`},
		{"twice", "debug = true\ndebug = false\n", `app.toml:2`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Read(write(t, row.text))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s\ngot %v, want %s", row.text, err, row.want)
			}
		})
	}
	if _, err := Read(write(t, strings.Repeat("# much\n", maxFile/7+1))); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a long file: got %v", err)
	}
	if _, err := Read("/nonexistent/app.toml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
}

func TestConfig(t *testing.T) {
	for _, row := range []struct{ name, text, want, key string }{
		{"nothing", "", "program: none is given", "program"},
		{"no such program", "program = [\"/nonexistent\"]\n", "program: ", "program"},
		{"bad address", "program = [\"sh\"]\nlisten = [\"nowhere\"]\n", "listen: ", "listen"},
		{"half of two signals", "program = [\"sh\"]\nstandby-by = \"SIGUSR1\"\n", "standby-by: it and resume-by go together", "standby-by"},
		{"a probe is missing", "program = [\"sh\"]\nready = \"probe\"\n", "ready is probe, and probe is not set", "ready"},
		{"no key", "program = [\"sh\"]\nfetch = \"https://example.com/stable.json\"\n", "key: none is given", "key"},
		{"no product", "program = [\"sh\"]\nfetch = \"https://example.com/stable.json\"\nkey = [\"RW\"]\n", "product: it is empty", "product"},
		{"bad key", "program = [\"sh\"]\nfetch = \"https://example.com/stable.json\"\nkey = [\"RW\"]\nproduct = \"app\"\n", "key: ", "key"},
		{"two sources", "program = [\"sh\"]\nfetch = \"https://example.com/a\"\nfetch-file = \"/b\"\n", "use one", "fetch"},
		{"trust in nothing", "program = [\"sh\"]\nproduct = \"app\"\n", "fetch: it is empty", "fetch"},
		{"not an address", "program = [\"sh\"]\nfetch = \"ftp://example.com/a\"\n", "fetch: ", "fetch"},
		{"a file that is not run", "program = [\"sh\"]\nexec-file = \"/srv/app\"\n", "none of them is it", "program"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := Read(write(t, row.text))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Config()
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got %v, want %s", err, row.want)
			}
			if got := KeyOf(err); got != row.key {
				t.Errorf("%v is about %q, want %q", err, got, row.key)
			}
			if strings.Contains(err.Error(), "Config.") {
				t.Errorf("%v speaks of fields", err)
			}
		})
	}
}

// A list of the command line takes the place of the file's.
func TestSet(t *testing.T) {
	s := Settings{Env: []string{"OLD=1"}, Sequential: true}
	for _, one := range []struct {
		key, text string
		first     bool
	}{
		{"env", "A=1", true}, {"env", "B=2", false}, {"sequential", "false", true},
		{"listen", "http=127.0.0.1:80", true}, {"terminate-timeout", "5s", true}, {"dir", "/srv", true},
	} {
		if err := s.Set(one.key, one.text, one.first); err != nil {
			t.Fatal(err)
		}
	}
	want := Settings{Env: []string{"A=1", "B=2"}, Listen: []Listen{{"http", "127.0.0.1:80"}}, Terminate: Span{5 * time.Second, true}, Dir: "/srv"}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if err := s.Set("nonsense", "", true); err == nil {
		t.Error("a setting that is not there was set")
	}
}

func TestLineOf(t *testing.T) {
	path := write(t, "# first\nprogram = [\n  \"sh\",\n]\n\n  listen = [\":80\"]\n")
	for key, want := range map[string]int{"program": 2, "listen": 6, "probe": 0} {
		if got := LineOf(path, key); got != want {
			t.Errorf("%s is on line %d, want %d", key, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(whole)
	f.Add("program = [\n")
	f.Add("[a.b]\nc=1")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "app.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil {
			LineOf(path, "program")
		} else if !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%q: %v does not name the file", text, err)
		}
	})
}

// The files of the guide are read without an error.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/run.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(guide), "```toml\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the guide has no file of settings")
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if _, err := Read(write(t, text)); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}
