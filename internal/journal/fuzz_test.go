package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

// Whatever lies in the files, a journal opens, and what it tells is in order and
// within its bounds.
func FuzzLines(f *testing.F) {
	for _, c := range [][2]string{
		{"", ""},
		{`{"id":1,"kind":"started"}` + "\n", `{"to":{"digest":"a"}}` + "\n"},
		{`{"id":1,"kind":"fetched","release":"a","version":"1.0.0"}` + "\n" + `{"id":2,"kind":"trial","release":"a","generation":2}` + "\n" + `{"id":3,"kind":"rolled back","release":"a","generation":2}`, ""},
		{"{\"id\":\n\n{\"id\":0}\n{\"id\":7}\n{\"id\":3}\n{\"id\":8,\"ki", "null\n[]\n\"\"\n"},
		{`{"id":18446744073709551615,"kind":"gone"}`, `{"ended":"9999-12-31T23:59:59Z"}`},
	} {
		f.Add([]byte(c[0]), []byte(c[1]))
	}
	f.Fuzz(func(t *testing.T, events, history []byte) {
		dir := t.TempDir()
		for name, text := range map[string][]byte{eventsFile: events, historyFile: history} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		j, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		e := j.Append(admin.Event{Kind: admin.Started})
		all, _ := j.Events(0, 2*maxEvents)
		if len(all) == 0 || len(all) > maxEvents || all[len(all)-1].ID != e.ID || len(j.History(2*maxAttempts)) > maxAttempts {
			t.Fatalf("%d events, the last of them %d behind what is read", len(all), e.ID)
		}
		for i := range all[1:] {
			if all[i+1].ID <= all[i].ID {
				t.Fatalf("event %d is behind event %d", all[i+1].ID, all[i].ID)
			}
		}
	})
}
