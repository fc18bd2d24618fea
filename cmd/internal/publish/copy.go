package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

// Copy returns the destination that is another directory of this machine, such
// as one that a web server serves, or one on a mounted disk. before, where it is
// not nil, is as in [Options].
func Copy(dir string, before func(step, name string)) Destination { return copied{disk{dir, before}} }

type copied struct{ disk disk }

func (c copied) String() string { return c.disk.root }

// Open is that of [fetcher.Place].
func (c copied) Open(ctx context.Context, want fetcher.Want) (*fetcher.Found, error) {
	return fetcher.Dir(c.disk.root).Open(ctx, want)
}

// Upload is that of [Destination].
func (c copied) Upload(ctx context.Context, tree fs.FS, progress func(string, int64, int64)) (Sent, error) {
	var sent Sent
	const forgotten = 24 * time.Hour // nobody copies one file for so long
	c.disk.sweep(forgotten)
	ranks, err := order(tree)
	if err != nil {
		return sent, err
	}
	for _, names := range ranks {
		for _, name := range names {
			n, err := c.one(ctx, tree, name, progress)
			if err != nil {
				return sent, err
			}
			if n < 0 {
				sent.Kept++
				continue
			}
			sent.Files++
			sent.Bytes += n
		}
	}
	return sent, nil
}

// order has the files of a tree by the time at which they must be there: what
// others lead to, what is signed, the key list, the manifests.
func order(tree fs.FS) (ranks [4][]string, err error) {
	err = fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rank := 3
		switch dir := path.Dir(name); {
		case dir == programs || dir == deltas:
			rank = 0
		case dir != ".":
			rank = 1
		case name == keysName:
			rank = 2
		}
		ranks[rank] = append(ranks[rank], name)
		return nil
	})
	return ranks, err
}

// one copies a file. It returns -1 where the same bytes are there.
func (c copied) one(ctx context.Context, tree fs.FS, name string, progress func(string, int64, int64)) (int64, error) {
	same, size, err := c.same(ctx, tree, name)
	if err != nil || same {
		return -1, err
	}
	from, err := tree.Open(name)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	t, err := c.disk.temp()
	if err != nil {
		return 0, err
	}
	defer t.drop()
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		m, err := io.CopyN(t, from, stepSize)
		n += m
		progress(name, n, size)
		if errors.Is(err, io.EOF) {
			return n, t.become(name)
		}
		if err != nil {
			return 0, err
		}
	}
}

// same reports whether a file is there already, and its size here.
func (c copied) same(ctx context.Context, tree fs.FS, name string) (bool, int64, error) {
	info, err := fs.Stat(tree, name)
	if err != nil {
		return false, 0, err
	}
	there, err := os.Stat(c.disk.path(name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && there.Size() != info.Size() {
		return false, info.Size(), nil
	}
	if err != nil {
		return false, 0, err
	}
	here, err := sumOf(ctx, tree, name)
	if err != nil {
		return false, 0, err
	}
	sum, err := sumOf(ctx, dirFS(c.disk), name)
	return bytes.Equal(here, sum), info.Size(), err
}

func sumOf(ctx context.Context, tree fs.FS, name string) ([]byte, error) {
	f, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	hash := sha256.New()
	_, err = io.Copy(hash, bound(ctx, f))
	return hash.Sum(nil), err
}

func dirFS(d disk) fs.FS { return os.DirFS(d.root) }
