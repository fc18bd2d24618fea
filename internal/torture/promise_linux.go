package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// installed returns the digest of what is installed.
func (h *host) installed() (string, error) {
	all, err := os.ReadFile(h.binary)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:]), nil
}

// checkAfterStep checks what has to hold at any moment.
func (h *host) checkAfterStep(c *chronicle) {
	digest, err := h.installed()
	if err != nil {
		h.story.violated("installed", "what is installed cannot be read: %v", err)
		return
	}
	r := h.release(digest)
	switch {
	case r == nil:
		h.story.violated("installed", "what is installed (%s) is no release that was ever published", short(digest))
	case r.Fault != none:
		h.story.violated("installed", "release %s is installed although it %s", r.Version, r.Fault)
	}
	h.checkRecords()
	if _, err := h.now(); err != nil {
		return // its own watch runs
	}
	if _, err := h.whoAnswers(patience); err != nil {
		if _, nobody := h.now(); nobody == nil {
			h.retryAccepts(err)
		}
	}
	st, err := h.status()
	if err != nil {
		return // it is looked at when all is calm
	}
	var trials, coming, standing int
	for _, g := range st.Generations {
		if g.OnTrial {
			trials++
			// The file was read before the status: the trial was not over then.
			if g.Release.Digest == digest && st.Operation != nil && st.Operation.Stage == "trial" && !c.committed(digest) && r != h.release(h.first.digest) {
				h.story.violated("installed", "release %s is installed, and has not passed its trial", r.Version)
			}
		}
		switch g.Phase {
		case admin.PhaseStarting, admin.PhaseReady, admin.PhaseProbed:
			coming++
		case admin.PhaseStandby:
			standing++
		}
	}
	if trials > 1 || coming > 1 || standing > 1 {
		h.story.violated("one at a time", "%d generations are on trial, %d come up, %d stand by: %s", trials, coming, standing, describe(st))
	}
}

// retryAccepts asks once more: the answer may have been cut by a kill.
func (h *host) retryAccepts(first error) {
	for range 10 {
		if _, err := h.whoAnswers(patience); err == nil {
			return
		}
		if _, err := h.now(); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.story.violated("accepts", "nobody answers on a new connection: %v", first)
}

// committed reports whether a release has been installed before.
func (c *chronicle) committed(digest string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.all {
		if e.Kind == admin.Committed && e.Release == digest {
			return true
		}
	}
	return false
}

// quarantined returns the releases that were last said to be quarantined: the newest
// hundred, as a record has room for some more than that.
func (c *chronicle) quarantined() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, all := map[string]bool{}, map[string]bool{}
	for _, e := range slices.Backward(c.all) {
		switch e.Kind {
		case admin.Quarantined, admin.Forgotten, admin.Committed:
			if !seen[e.Release] && e.Kind == admin.Quarantined && len(all) < 100 {
				all[e.Release] = true
			}
			seen[e.Release] = true
		}
	}
	return all
}

// newest returns the newest event of a kind.
func (c *chronicle) newest(k admin.Kind) admin.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range slices.Backward(c.all) {
		if e.Kind == k {
			return e
		}
	}
	return admin.Event{}
}

// checkRecords reads the records as the next master would: each changes by a rename,
// so it is whole at any moment.
func (h *host) checkRecords() {
	for _, name := range []string{"trials.json", "quarantine.json", "held.json"} {
		path := filepath.Join(h.disk, ".app.overseer", name)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var record struct {
			Version int `json:"version"`
		}
		if err == nil {
			err = json.Unmarshal(text, &record)
		}
		if err == nil && record.Version < 1 {
			err = errors.New("it has no version")
		}
		if err != nil {
			h.story.violated("records", "%s cannot be read: %v\n%s", name, err, text)
		}
	}
}

func describe(st admin.Status) string {
	var parts []string
	for _, g := range st.Generations {
		parts = append(parts, fmt.Sprintf("%d pid %d %s on trial %v", g.Number, g.PID, g.Phase, g.OnTrial))
	}
	return string(st.Condition) + ": " + strings.Join(parts, ", ")
}

// Files that may lie on the disk when all is calm: docs/architecture.md, Files.
var (
	besideBinary = regexp.MustCompile(`^(app|\.app\.overseer)$`)
	staged       = regexp.MustCompile(`^\.app\.candidate-([0-9a-f]{12}|unverified)-`)
	half         = regexp.MustCompile(`^\.(trials|quarantine|held|digests)\.json\.tmp-`) // a record that a bad disk kept from being put in place
	inState      = regexp.MustCompile(`^(app\.previous|trials\.json|quarantine\.json|held\.json|digests\.json|events\.jsonl|history\.jsonl|journal\.lock|trust-manifest-app(\.lock)?|admin\.sock|lock)$`)
)

// stray returns the files that should not be there. A removal may have failed on a
// disk that was bad; the next master does it.
func (h *host) stray(l *life, waiting bool) (all []string) {
	allowed := 0
	if waiting {
		allowed++
	}
	h.mu.Lock()
	allowed += 3 * (h.badDisk - l.badDisk) // on trial, waiting, and being fetched
	h.mu.Unlock()
	for dir, known := range map[string]*regexp.Regexp{h.disk: besideBinary, filepath.Join(h.disk, ".app.overseer"): inState} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return []string{err.Error()}
		}
		for _, e := range entries {
			switch {
			case known.MatchString(e.Name()):
			case (staged.MatchString(e.Name()) || half.MatchString(e.Name())) && allowed > 0:
				allowed--
			default:
				all = append(all, e.Name())
			}
		}
	}
	return all
}
