package overseer_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/release"
)

// remembering is a web service that says by what digests it was started.
var remembering = register("remembering", func() {
	c := webConfig()
	c.Probe, c.Fetcher = nil, nil
	c.StateDir = os.Getenv("TEST_STATE_DIR")
	c.Program = func(s overseer.State) {
		fmt.Printf("program of digest %s and ID %s\n", s.Digest, s.ID)
		serveWeb(s)
	}
	overseer.Run(c)
})

// TestDigestsAreRemembered has a second master start the same program, with a
// record that says something else of it: so a start that does not hash is seen.
func TestDigestsAreRemembered(t *testing.T) {
	for _, row := range []struct{ name, state string }{{"in the state directory", "state"}, {"beside the socket", ""}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			run := filepath.Join(dir, "run")
			if err := os.Mkdir(run, 0o700); err != nil {
				t.Fatal(err)
			}
			options := []option{inDir(dir), env("XDG_RUNTIME_DIR", run)}
			record := filepath.Join(run, "overseer", "digests.json")
			if row.state != "" {
				state := filepath.Join(dir, row.state)
				options, record = append(options, env("TEST_STATE_DIR", state)), filepath.Join(state, "digests.json")
			}
			s := startService(t, remembering, options...)
			s.live(1)
			var text []byte
			for try := 0; len(text) == 0; try++ { // a file that is as new as this one may be hashed once more
				var err error
				if text, err = os.ReadFile(record); err != nil && (try == 50 || !errors.Is(err, fs.ErrNotExist)) {
					t.Fatal(err)
				}
				s.restart()
			}
			s.stop()

			var r struct {
				Files []struct {
					Sums struct{ Digest, ID string } `json:"sums"`
				} `json:"files"`
			}
			if err := json.Unmarshal(text, &r); err != nil || len(r.Files) != 1 {
				t.Fatalf("%s: %v, want one file", text, err)
			}
			program, err := os.ReadFile(s.Binary)
			if err != nil {
				t.Fatal(err)
			}
			digest := release.Digest(sha256.Sum256(program)).String()
			if r.Files[0].Sums.Digest != digest {
				t.Fatalf("%s of a file with digest %s", text, digest)
			}
			lie := strings.Repeat("1", len(digest))
			if err := os.WriteFile(record, bytes.Replace(text, []byte(digest), []byte(lie), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			s = startService(t, remembering, options...)
			s.await(1, "program of digest "+lie)
			s.stop()

			// Nobody is told what the record says of a file that was changed since.
			touched := time.Now().Add(-time.Hour)
			if err := os.Chtimes(s.Binary, touched, touched); err != nil {
				t.Fatal(err)
			}
			s = startService(t, remembering, options...)
			s.await(1, "program of digest "+digest)
			s.stop()
		})
	}
}

// TestMasterGivesBackWhatItsStartHasTouched: after each start, once nothing is
// under way. What becomes of the memory TestTrim in internal/usage shows.
func TestMasterGivesBackWhatItsStartHasTouched(t *testing.T) {
	t.Parallel()
	s := startService(t, remembering)
	for n := 1; n <= 3; n++ {
		s.await(n, "gave back the memory")
		s.restart()
	}
	s.stop()
}
