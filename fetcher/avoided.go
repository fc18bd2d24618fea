package fetcher

import (
	"slices"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// avoided is what a source has learned not to try again. Readers write to it
// while the source may be at its next fetch. It is as large as one manifest, at
// most.
type avoided struct {
	mu      sync.Mutex
	deltas  map[release.Digest]bool // by the patch
	mirrors map[badMirror]bool
	again   bool // the next fetch is to come at once
}

type badMirror struct {
	digest release.Digest
	url    string
}

// forget is called when another manifest came.
func (a *avoided) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deltas, a.mirrors = map[release.Digest]bool{}, map[badMirror]bool{}
}

// without returns the places of a file that are not avoided.
func (a *avoided) without(f file) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.withoutLocked(f)
}

func (a *avoided) withoutLocked(f file) []string {
	return slices.DeleteFunc(slices.Clone(f.urls), func(u string) bool { return a.mirrors[badMirror{f.digest, u}] })
}

// blame avoids mirrors of a file, and reports whether others are left. Where
// none is, all are to be tried once more, but not at once.
func (a *avoided) blame(f file, urls []string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, u := range urls {
		a.mirrors[badMirror{f.digest, u}] = true
	}
	if len(a.withoutLocked(f)) > 0 {
		return true
	}
	for _, u := range f.urls {
		delete(a.mirrors, badMirror{f.digest, u})
	}
	return false
}

func (a *avoided) delta(patch release.Digest) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.deltas[patch]
}

func (a *avoided) blameDelta(patch release.Digest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deltas[patch] = true
}

// hurry makes the next fetch come at once.
func (a *avoided) hurry() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.again = true
}

func (a *avoided) hurried() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.again
	a.again = false
	return was
}
