package fetcher

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/release"
)

// published is what the API says of a release, as far as it is used here.
type published struct {
	Tag    string  `json:"tag_name"`
	Assets []asset `json:"assets"`
}

// An asset is one file of a release. Two that are equal are the same bytes: an
// asset that is replaced gets another ID.
type asset struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Size     int64  `json:"size"`
	Updated  string `json:"updated_at"`
	Digest   string `json:"digest"`
	API      string `json:"url"`
	Download string `json:"browser_download_url"`
}

// digest is zero where the API states none that is understood.
func (a asset) digest() release.Digest {
	hex, ok := strings.CutPrefix(a.Digest, "sha256:")
	if !ok {
		return release.Digest{}
	}
	d, _ := release.ParseDigest(hex)
	return d
}

// choose returns the first asset that is there and that match accepts. By
// default, one that is a program goes before one that is an archive of it; of a
// tree, it is the archive.
func (p *published) choose(match func(string) bool, tree bool) (asset, error) {
	if match != nil {
		if a, ok := p.first(match); ok {
			return a, nil
		}
	} else {
		defaults := []func(name, goos, goarch string) bool{matches, matchesPacked}
		if tree {
			defaults = defaults[1:]
		}
		for _, match := range defaults {
			if a, ok := p.first(func(name string) bool { return match(name, runtime.GOOS, runtime.GOARCH) }); ok {
				return a, nil
			}
		}
	}
	return asset{}, fmt.Errorf("release %.80q has no asset for %s/%s among %.400q: name one so, or set Github.Asset",
		p.Tag, runtime.GOOS, runtime.GOARCH, p.names())
}

func (p *published) first(match func(string) bool) (asset, bool) {
	for _, a := range p.Assets {
		if a.uploaded() && match(a.Name) {
			return a, true
		}
	}
	return asset{}, false
}

func (p *published) names() (names []string) {
	for _, a := range p.Assets {
		names = append(names, a.Name)
	}
	return names
}

func (a asset) uploaded() bool { return a.State == "" || a.State == "uploaded" }

// notPrograms are ends of names of what lies beside programs in releases.
var notPrograms = []string{
	".sha256", ".sha256sum", ".sha512", ".md5", ".txt", ".json", ".sig", ".asc", ".minisig", ".pem", ".sbom", ".intoto.jsonl",
	".bz2", ".deb", ".rpm", ".apk", ".pkg", ".dmg", ".msi", ".delta",
}

// packedPrograms are ends of names of what a program may be in.
var packedPrograms = []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".txz", ".xz", ".zip"}

// longer are the architectures whose names contain that of another one.
var longer = map[string][]string{
	"arm":    {"arm64"},
	"mips":   {"mips64", "mipsle"},
	"mips64": {"mips64le"},
	"ppc64":  {"ppc64le"},
}

// matches reports whether a file name is that of a program for a platform.
func matches(name, goos, goarch string) bool {
	return !endsIn(name, packedPrograms) && isFor(name, goos, goarch)
}

// matchesPacked reports whether a file name is that of an archive for a platform.
func matchesPacked(name, goos, goarch string) bool {
	return endsIn(name, packedPrograms) && isFor(name, goos, goarch)
}

func endsIn(name string, ends []string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(strings.ToLower(name), end) })
}

func isFor(name, goos, goarch string) bool {
	if endsIn(name, notPrograms) {
		return false
	}
	name = strings.ToLower(name)
	for _, other := range longer[goarch] {
		name = strings.ReplaceAll(name, other, "")
	}
	return strings.Contains(name, goos) && strings.Contains(name, goarch)
}
