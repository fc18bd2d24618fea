//go:build unix

package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestQuarantine(t *testing.T) {
	target := newTarget(t, v1)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, target, WithClock(func() time.Time { return now }))
	d := sum(v2)
	_, held, err := s.Quarantined(d)
	if err != nil || held {
		t.Fatalf("at first: Quarantined = %v, %v", held, err)
	}
	wantFiles(t, filepath.Dir(target), "app") // asking writes nothing

	st := stage(t, s, v2)
	must(t, s.BeginTrial(st))
	must(t, s.Quarantine(d, strings.Repeat("ü", maxReason), now.Add(time.Hour)))
	entry, held, err := s.Quarantined(d)
	if err != nil || !held || entry.Digest != d || !entry.Since.Equal(now) || !strings.HasSuffix(entry.Reason, "ü…") {
		t.Fatalf("Quarantined = %+v, %v, %v", entry, held, err)
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), trialsFile)); !os.IsNotExist(err) {
		t.Fatalf("the verdict left the trial on record: %v", err)
	}
	err = s.BeginTrial(st)
	mustIs(t, err, ErrQuarantined)
	var q *QuarantinedError
	if !errors.As(err, &q) || q.Entry.Digest != d {
		t.Fatalf("%v does not tell the entry", err)
	}

	now = now.Add(time.Hour)
	if _, held, err = s.Quarantined(d); held || err != nil {
		t.Fatalf("after its time: Quarantined = %v, %v", held, err)
	}
	must(t, s.Quarantine(d, "again", time.Time{}))
	now = now.Add(1e6 * time.Hour)
	if _, held, err = s.Quarantined(d); !held || err != nil {
		t.Fatalf("without an end: Quarantined = %v, %v", held, err)
	}
	must(t, s.Lift(d))
	if _, held, err = s.Quarantined(d); held || err != nil {
		t.Fatalf("lifted: Quarantined = %v, %v", held, err)
	}
	must(t, s.BeginTrial(st))
}

func TestQuarantineIsBounded(t *testing.T) {
	s := open(t, newTarget(t, v1))
	for i := range maxEntries + 2 {
		must(t, s.Quarantine(sum([]byte(fmt.Sprint(i))), "r", time.Time{}))
	}
	rec, err := read[quarantineRecord](s, quarantineFile)
	must(t, err)
	if len(rec.Entries) != maxEntries || rec.Entries[0].Digest != sum([]byte("2")) {
		t.Fatalf("%d entries; want the newest %d", len(rec.Entries), maxEntries)
	}
}

func TestDamagedRecordsAreSetAside(t *testing.T) {
	for _, row := range []struct{ name, content string }{
		{"empty", ""},
		{"torn", `{"version":1,"entries":[{"dig`},
		{"no version", `{}`},
		{"another shape", `{"version":1,"entries":7,"trials":7}`},
		{"a digest that is none", `{"version":1,"entries":[{"digest":"xyz"}],"trials":[{"digest":"xyz"}]}`},
		{"too long", `{"version":1}` + strings.Repeat(" ", maxRecord)},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			var warnings []error
			s := open(t, target, WithWarn(func(err error) { warnings = append(warnings, err) }))
			st := stage(t, s, v2)
			for _, name := range []string{trialsFile, quarantineFile} {
				must(t, os.WriteFile(filepath.Join(s.Dir(), name), []byte(row.content), 0o600))
			}
			if _, held, err := s.Quarantined(sum(v2)); held || err != nil {
				t.Fatalf("Quarantined = %v, %v", held, err)
			}
			must(t, s.BeginTrial(st))
			if len(warnings) != 2 || !errors.Is(warnings[0], ErrCorrupt) || !errors.Is(warnings[1], ErrCorrupt) {
				t.Fatalf("warnings are %v; want two of ErrCorrupt", warnings)
			}
			for _, name := range []string{trialsFile, quarantineFile} {
				wantContent(t, filepath.Join(s.Dir(), name+".corrupt"), []byte(row.content))
			}
			must(t, os.WriteFile(filepath.Join(s.Dir(), quarantineFile), []byte(row.content), 0o600))
			rec, err := s.Recover(t.Context())
			if err != nil || len(rec.Warnings) != 1 || !errors.Is(rec.Warnings[0], ErrCorrupt) {
				t.Fatalf("Recover = %+v, %v; want a warning", rec, err)
			}
		})
	}
}

func TestLaterRecordsAreRead(t *testing.T) {
	s := open(t, newTarget(t, v1))
	must(t, s.Quarantine(sum(v3), "r", time.Time{})) // makes the directory
	later := fmt.Sprintf(`{"version":9,"new":{"x":1},"entries":[{"digest":%q,"reason":"bad","colour":"red"}]}`, sum(v2))
	must(t, os.WriteFile(filepath.Join(s.Dir(), quarantineFile), []byte(later), 0o600))
	entry, held, err := s.Quarantined(sum(v2))
	if err != nil || !held || entry.Reason != "bad" {
		t.Fatalf("Quarantined = %+v, %v, %v", entry, held, err)
	}
}

// Twenty masters at once: no record is lost, no file is left.
func TestManyMasters(t *testing.T) {
	target := newTarget(t, v1)
	const masters, rounds = 20, 5
	var wg sync.WaitGroup
	for m := range masters {
		s := open(t, target)
		wg.Go(func() {
			for r := range rounds {
				content := fmt.Appendf(nil, "master %d round %d", m, r)
				if err := life(s, content); err != nil {
					t.Errorf("master %d: %v", m, err)
				}
				if err := s.Quarantine(sum(content), "r", time.Time{}); err != nil {
					t.Errorf("master %d: %v", m, err)
				}
				if _, err := s.Recover(t.Context()); err != nil {
					t.Errorf("master %d: %v", m, err)
				}
			}
		})
	}
	wg.Wait()
	rec, err := read[quarantineRecord](open(t, target), quarantineFile)
	must(t, err)
	if len(rec.Entries) != masters*rounds {
		t.Errorf("%d entries; want %d", len(rec.Entries), masters*rounds)
	}
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", ".app.overseer/quarantine.json", "app")
}

func FuzzRecord(f *testing.F) {
	digest := sum(v2).String()
	for _, text := range []string{
		"", "{}", `{"version":1}`, `{"version":2,"new":[]}`, `{"version":1,"trials":null}`,
		`{"version":1,"trials":[{"digest":"` + digest + `","attempt":1,"owner":{"pid":1,"start":"1","boot":"b"},"staged":"x"},{"digest":"` + digest + `","attempt":-1}]}`,
		`{"version":1,"entries":[{"digest":"` + digest + `","reason":"r","until":"2999-01-01T00:00:00Z"}]}`,
		`{"version":1,"held":{"since":"2026-01-01T00:00:00Z","until":"2999-01-01T00:00:00Z","reason":"r","actor":"a"}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		trials, err := decode[trialRecord](bytes.NewReader(data))
		if err == nil {
			if trials.interrupted(sum(v2)) < 0 {
				t.Fatal("a negative count")
			}
			trials.takeGone()
		} else if !errors.Is(err, errDamaged) {
			t.Fatalf("decode trials: %v; want errDamaged", err)
		}
		bad, err := decode[quarantineRecord](bytes.NewReader(data))
		if err == nil {
			bad.lookUp(sum(v2), time.Time{})
		} else if !errors.Is(err, errDamaged) {
			t.Fatalf("decode quarantine: %v; want errDamaged", err)
		}
		if _, err := decode[heldRecord](bytes.NewReader(data)); err != nil && !errors.Is(err, errDamaged) {
			t.Fatalf("decode the hold: %v; want errDamaged", err)
		}
	})
}
