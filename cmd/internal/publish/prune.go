package publish

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/seed-3d078585/overseer/release"
)

// Pruned is what was removed.
type Pruned struct {
	Files []string `json:"files"`
	Bytes int64    `json:"bytes"`
}

// DefaultKeep is how many releases of a channel stay.
const DefaultKeep = 5

// Prune removes what neither the current manifest of any channel, nor its last
// releases up to keep of them, nor a draft needs. With dry it only says so. The
// earlier manifests go first, so that none names what is gone.
//
// Errors that can be matched: [ErrBusy], [ErrState].
func (d *Directory) Prune(ctx context.Context, keep int, dry bool) (Pruned, error) {
	p := Pruned{Files: []string{}}
	err := d.change(ctx, func(s *state) error {
		needed := s.needed(keep)
		for _, channel := range d.drafts() {
			if dr, err := d.readDraft(channel); err != nil {
				return err
			} else if dr != nil { // whoever was killed while publishing goes on with it
				for _, name := range files(release.Manifest{Artifacts: dr.Artifacts}) {
					needed[name] = true
				}
			}
		}
		for _, dir := range s.prunable() {
			names, err := d.disk.list(dir)
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := ctx.Err(); err != nil {
					return err
				}
				if name = path.Join(dir, name); needed[name] {
					continue
				}
				if info, err := os.Stat(d.disk.path(name)); err == nil {
					p.Bytes += info.Size()
				}
				p.Files = append(p.Files, name)
				if dry {
					continue
				}
				if err := d.disk.remove(name); err != nil {
					return err
				}
			}
			if !dry && len(names) > 0 {
				if err := d.disk.sync(dir); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("prune: %w", err)
	}
	return p, nil
}

// prunable are the directories with files that may go, in this order.
func (s *state) prunable() (dirs []string) {
	for _, channel := range s.channels() {
		dirs = append(dirs, path.Join(history, channel))
	}
	return append(dirs, signatures, deltas, programs)
}

// needed names all files that stay.
func (s *state) needed(keep int) map[string]bool {
	names := map[string]bool{}
	for _, channel := range s.channels() {
		for _, m := range s.last(channel, keep) {
			names[historyName(channel, m.Seq)] = true
			names[signatureName(m.digest())] = true
			for _, name := range files(m.Manifest) {
				names[name] = true
			}
		}
	}
	if s.list != nil {
		names[signatureName(digestOf(s.list.data))] = true
	}
	return names
}

// last are the manifests of a channel's last releases; one that was issued again
// counts once, with all its manifests.
func (s *state) last(channel string, keep int) (all []signed) {
	var versions []string
	for _, m := range s.issued(channel) {
		if !has(versions, m.Version) {
			if len(versions) >= max(keep, 1) {
				break
			}
			versions = append(versions, m.Version)
		}
		all = append(all, m)
	}
	return all
}

// files are those of the directory that a manifest names.
func files(m release.Manifest) (names []string) {
	add := func(urls []string) {
		for _, u := range urls {
			if release.IsRelative(u) {
				names = append(names, u)
			}
		}
	}
	for _, platform := range slices.Sorted(maps.Keys(m.Artifacts)) {
		add(m.Artifacts[platform].URLs)
		for _, one := range m.Artifacts[platform].Deltas {
			add(one.URLs)
		}
	}
	return names
}
