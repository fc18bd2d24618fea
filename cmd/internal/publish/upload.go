package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// ErrAhead is a destination that has what this directory has not: somebody
// published from another copy of it.
var ErrAhead = errors.New("the destination is ahead of this directory")

// A Destination is where a release directory is published to, for hosts to read.
type Destination interface {
	fetcher.Place

	// Upload brings the files of tree there. What others lead to comes first
	// and the manifests of channels last, so that a reader finds the release
	// before or the new one. Files that are there are not sent again. Whoever
	// was interrupted calls it again.
	Upload(ctx context.Context, tree fs.FS, progress func(name string, done, total int64)) (Sent, error)
}

// Sent is what an upload has done.
type Sent struct {
	To    string `json:"to"`
	Files int    `json:"files"` // that were sent
	Kept  int    `json:"kept"`  // that were there
	Bytes int64  `json:"bytes"` // of those that were sent
}

// Upload brings what the directory serves to a destination. A destination that
// is ahead is left alone.
//
// Errors that can be matched: [ErrAhead], [ErrBusy], [ErrState], those of the
// destination.
func (d *Directory) Upload(ctx context.Context, to Destination) (Sent, error) {
	var sent Sent
	err := d.change(ctx, func(s *state) (err error) {
		for _, channel := range s.channels() {
			if err := s.behind(ctx, to, channel); err != nil {
				return err
			}
		}
		if len(s.current) == 0 && s.list == nil {
			return errors.New("nothing was published yet")
		}
		var name string
		var done func(int64)
		end := func() {}
		defer func() { end() }()
		sent, err = to.Upload(ctx, d.served(s), func(file string, sent, total int64) {
			if file != name {
				end()
				name = file
				done, end = d.work("upload "+file, total)
			}
			done(sent)
		})
		return err
	})
	sent.To = to.String()
	if err != nil {
		return sent, fmt.Errorf("upload to %v: %w", to, err)
	}
	return sent, nil
}

// behind refuses to put an older manifest over a newer one: hosts have seen it.
func (s *state) behind(ctx context.Context, to Destination, channel string) error {
	found, err := to.Open(ctx, fetcher.Want{Name: manifestName(channel)})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer found.Body.Close()
	data, err := readAll(found.Body, manifestName(channel), release.MaxManifest)
	if err != nil {
		return err
	}
	there, err := release.ParseManifest(data)
	if err != nil {
		return fmt.Errorf("%s is there, and no manifest: %w: is this the right place? remove it first if so", manifestName(channel), err)
	}
	here := s.current[channel]
	switch {
	case there.Product != s.Product:
		return fmt.Errorf("%w: it has product %q, this directory %q", ErrAhead, there.Product, s.Product)
	case there.Seq > here.Seq || there.Seq == here.Seq && digestOf(data) != here.digest():
		return fmt.Errorf("%w: channel %s is at seq %d there and %d here: bring its files here first", ErrAhead, channel, there.Seq, here.Seq)
	}
	return nil
}

// served shows what readers may see, and of that what a manifest names.
func (d *Directory) served(s *state) fs.FS {
	v := view{disk: d.disk, names: map[string]bool{}}
	add := func(name string) {
		if d.disk.exists(name) { // what was pruned is named by history still
			v.names[name] = true
		}
	}
	for _, channel := range s.channels() {
		add(manifestName(channel))
		add(copyName(manifestName(channel)))
		for _, m := range s.issued(channel) {
			add(historyName(channel, m.Seq))
			add(signatureName(m.digest()))
			for _, name := range files(m.Manifest) {
				add(name)
			}
		}
	}
	if s.list != nil {
		add(keysName)
		add(copyName(keysName))
		add(signatureName(digestOf(s.list.data)))
	}
	return v
}

// A view is a tree with some files of a directory.
type view struct {
	disk  disk
	names map[string]bool
}

// Open is that of [fs.FS].
func (v view) Open(name string) (fs.File, error) {
	if !v.names[name] && !v.leads(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return dirFS(v.disk).Open(name)
}

// ReadDir is that of [fs.ReadDirFS].
func (v view) ReadDir(dir string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(dirFS(v.disk), dir)
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool {
		name := path.Join(dir, e.Name())
		return !v.names[name] && !v.leads(name)
	}), err
}

// leads reports whether a name is that of a directory with something in it.
func (v view) leads(name string) bool {
	if name == "." {
		return true
	}
	for file := range v.names {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}
