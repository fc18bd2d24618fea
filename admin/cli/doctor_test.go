package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/doctor"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	binary := filepath.Join(filepath.Dir(b.socket), "app")
	if err := os.WriteFile(binary, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.ChangeStatus(func(s *admin.Status) { s.Binary, s.PID = binary, os.Getpid() })
	for _, row := range []struct {
		name   string
		change func(*admin.Status)
		args   []string
		code   int
		result doctor.Result
		want   string
	}{
		{"good", func(*admin.Status) {}, nil, ExitDone, doctor.Warn, "serving: generation 1 is live"},
		{"held", func(s *admin.Status) { s.Hold = &admin.Hold{Actor: "bob", Reason: "an \x1b[31mincident"} }, nil, ExitDone, doctor.Warn, "-> unhold lets them go on"},
		{"bad key", func(*admin.Status) {}, []string{"--pub", "RWnonsense"}, ExitFailed, doctor.Fail, "no public key"},
		{"down", func(s *admin.Status) { s.Live, s.Condition = 0, admin.Down }, nil, ExitFailed, doctor.Fail, "no generation is live"},
	} {
		b.ChangeStatus(row.change)
		got := b.run(append([]string{"doctor"}, row.args...)...)
		if got.code != row.code || !strings.Contains(got.out, row.want) || strings.ContainsRune(got.out, '\x1b') {
			t.Errorf("%s: code %d, want %d, and %q in:\n%s%s", row.name, got.code, row.code, row.want, got.out, got.err)
		}
		var all struct {
			Checks []doctor.Finding
			Result doctor.Result
		}
		got = b.run(append([]string{"doctor", "--json"}, row.args...)...)
		if err := json.Unmarshal([]byte(got.out), &all); err != nil || got.code != row.code || len(all.Checks) < 8 || all.Result != row.result {
			t.Errorf("%s: code %d, %v, result %q, want %q: %s", row.name, got.code, err, all.Result, row.result, got.out)
		}
	}
}

// Where nothing runs, it still looks at the files.
func TestDoctorOfWhatDoesNotRun(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(shortDir(t), "app")
	if err := os.WriteFile(binary, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"doctor", "--binary", binary, "--name", "nobody-is-called-so"}, {"doctor", "--name", binary}, {"doctor", "--binary", binary}} {
		got := runIn(t, Env{}, args...)
		if got.code != ExitFailed || !strings.Contains(got.out, "the master does not answer") || !strings.Contains(got.out, "binary: "+binary+" is there") {
			t.Errorf("%q: code %d:\n%s%s", args, got.code, got.out, got.err)
		}
	}
	if got := runIn(t, Env{}, "doctor", "--name", "nobody-is-called-so"); got.code != ExitNotFound {
		t.Errorf("code %d:\n%s%s", got.code, got.out, got.err)
	}
}
