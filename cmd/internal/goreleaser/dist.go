// Package goreleaser reads what goreleaser leaves in its dist directory: the
// list of its artifacts, and the version that it released. The form:
// https://goreleaser.com/customization/artifacts.
package goreleaser

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Program is one that goreleaser built.
type Program struct {
	Platform string // GOOS/GOARCH
	Path     string
}

// An artifact is one of artifacts.json, as far as it is used here.
type artifact struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	Goos   string `json:"goos"`
	Goarch string `json:"goarch"`
	Target string `json:"target"`
	Type   string `json:"type"`
	Extra  struct {
		Binary string `json:"Binary"`
		ID     string `json:"ID"`
	} `json:"extra"`
}

const maxList = 16 << 20

// Programs returns those of a dist directory, by platform. Where builds of
// several programs are in it, binary names the one that is meant (its name or
// the ID of its build); of several variants of an architecture (amd64 v1, v3)
// the lowest is taken, which runs everywhere.
func Programs(dist, binary string) ([]Program, error) {
	var all []artifact
	if err := readJSON(filepath.Join(dist, "artifacts.json"), &all); err != nil {
		return nil, err
	}
	chosen := map[string]artifact{}
	names := map[string]bool{}
	for _, a := range all {
		if a.Type != "Binary" && a.Type != "Universal Binary" {
			continue
		}
		name := a.Extra.Binary
		if name == "" {
			name = strings.TrimSuffix(a.Name, ".exe")
		}
		if binary != "" && binary != name && binary != a.Extra.ID {
			continue
		}
		names[name] = true
		for _, platform := range a.platforms() {
			if other, ok := chosen[platform]; !ok || a.before(other) {
				chosen[platform] = a
			}
		}
	}
	switch len(names) {
	case 0:
		return nil, fmt.Errorf("%q lists no program%s: want a build that goreleaser has made", filepath.Join(dist, "artifacts.json"), called(binary))
	case 1:
	default:
		return nil, fmt.Errorf("%q lists several programs, %q: choose one by --binary", filepath.Join(dist, "artifacts.json"), sorted(names))
	}
	var found []Program
	for platform, a := range chosen {
		path, err := locate(dist, a.Path)
		if err != nil {
			return nil, fmt.Errorf("program for %s: %w", platform, err)
		}
		found = append(found, Program{platform, path})
	}
	slices.SortFunc(found, func(a, b Program) int { return strings.Compare(a.Platform, b.Platform) })
	return found, nil
}

func called(binary string) string {
	if binary == "" {
		return ""
	}
	return fmt.Sprintf(" %q", binary)
}

func sorted(names map[string]bool) (all []string) {
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// platforms of an artifact: a universal binary of macOS is for two.
func (a artifact) platforms() []string {
	if a.Goarch == "all" {
		return []string{a.Goos + "/amd64", a.Goos + "/arm64"}
	}
	return []string{a.Goos + "/" + a.Goarch}
}

// before reports whether a is to be preferred: what is made for one platform
// before a universal one, then the lower variant.
func (a artifact) before(b artifact) bool {
	if universal := a.Goarch == "all"; universal != (b.Goarch == "all") {
		return !universal
	}
	return a.Target < b.Target
}

// locate finds a path of the list: it is relative to where goreleaser ran, which
// is above dist.
func locate(dist, path string) (string, error) {
	local := filepath.FromSlash(path)
	for _, p := range []string{filepath.Join(filepath.Dir(filepath.Clean(dist)), local), filepath.Join(dist, local), local} {
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			return p, nil
		}
	}
	return "", fmt.Errorf("%q is listed and not there: give the dist directory of the run that made it", path)
}

// Version returns the one that goreleaser released, or "" where it left none.
func Version(dist string) (string, error) {
	var meta struct {
		Version string `json:"version"`
	}
	err := readJSON(filepath.Join(dist, "metadata.json"), &meta)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return meta.Version, err
}

func readJSON(path string, v any) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read goreleaser's output: %w", err)
	}
	if info.Size() > maxList {
		return fmt.Errorf("read %q: more than %d bytes", path, maxList)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	return nil
}
