package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/release"
)

// Files of the state directory.
const (
	lockFile       = "lock"
	trialsFile     = "trials.json"
	quarantineFile = "quarantine.json"

	memoryPrefix = "trust-" // of the files of Memory
)

// unverified stands in a candidate's name where its digest will stand.
const unverified = "unverified"

// shorten makes room for what is put around a program's name: 255 bytes is
// the longest name of every filesystem that matters. A name that is cut keeps
// apart from others by its hash.
func shorten(base string) string {
	const limit = 128
	if len(base) <= limit {
		return base
	}
	sum := sha256.Sum256([]byte(base))
	return base[:limit] + "~" + hex.EncodeToString(sum[:6])
}

func candidatePrefix(name string) string { return "." + name + ".candidate-" }

func unverifiedName(name string) string {
	return candidatePrefix(name) + unverified + "-" + rand.Text()
}

func candidateName(name string, d release.Digest) string {
	return candidatePrefix(name) + d.Short() + "-" + rand.Text()
}

// nameOfCandidate returns the program's name in one of the names above, whole:
// a sweep takes nothing else, so that "app" never takes a file of
// "app.candidate-x".
func nameOfCandidate(file string) (name string, ok bool) {
	const infix = ".candidate-"
	i := strings.LastIndex(file, infix)
	if i < 1 || file[0] != '.' {
		return "", false
	}
	digest, random, _ := strings.Cut(file[i+len(infix):], "-")
	if !durable.IsRandom(random) {
		return "", false
	}
	if digest != unverified && (len(digest) != 12 || strings.Trim(digest, "0123456789abcdef") != "") {
		return "", false
	}
	return file[1:i], true
}

// sumOf is a digest of a text.
func sumOf(text string) release.Digest { return sha256.Sum256([]byte(text)) }

// previousPath is where the binary before the installed one is kept: in the
// state directory when a hard link can reach it, else beside the target.
func (s binary) previousPath(at location) string {
	if sameMount(s.dir, at.dir) {
		return filepath.Join(s.dir, at.name+".previous")
	}
	return filepath.Join(at.dir, "."+at.name+".previous")
}
