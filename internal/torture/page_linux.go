package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

const pageHead = `# Torture

What [` + "`internal/torture`" + `](../internal/torture/doc.go) has done to a real service under load, and what came of it. Each run adds its figures: ` + "`go run ./internal/torture -for 2m -o docs/torture.md`" + `.

A failure is *inherent* where no supervisor could help: the request was inside a process that was killed by SIGKILL or crashed, or no master ran. All others are violations, and there is no line of a run with one.
`

// addToPage appends the figures of a run.
func addToPage(path string, r *report) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte(pageHead), nil
	}
	if err != nil {
		return err
	}
	title := fmt.Sprintf("\n## %s: seed %d, %v\n\n", r.Began.UTC().Format("2006-01-02 15:04 UTC"), r.Seed, r.Took.Round(time.Second))
	figures := fmt.Sprintf("%s on %s/%s, %d processors, load average at the end %s.\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), r.Load) +
		"| steps | requests | failed | inherent | masters | replaced in place | generations | trials | installed | rolled back |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n" +
		fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", sum(r.Done), r.Requests, r.Failed, sum(r.Inherent), r.Masters,
			r.Events[string(admin.Succeeded)], r.Events[string(admin.Starting)], r.Events[string(admin.Trial)], r.Events[string(admin.Committed)], r.Events[string(admin.RolledBack)])
	tables := table("what was done", r.Done) + table("what has cost requests, inherently", r.Inherent)
	return os.WriteFile(path, append(text, title+figures+tables...), 0o644)
}
