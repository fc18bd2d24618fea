package publish

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
)

// readTree makes one tar of a directory, the same each time for the same files:
// in the order of their names, without owners and times, with the permissions
// that a host gives them anyway. What a host would refuse is refused here.
func readTree(dir string) (program, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return program{}, err
	}
	defer root.Close() // only read
	var out bytes.Buffer
	t := tarring{root: root, w: tar.NewWriter(&out), out: &out}
	err = fs.WalkDir(root.FS(), ".", t.add)
	if err == nil && t.files == 0 {
		err = errors.New("there is no file in it")
	}
	if err = errors.Join(err, t.w.Close()); err != nil {
		return program{}, fmt.Errorf("pack the directory %q: %w", dir, err)
	}
	return program{sha256.Sum256(out.Bytes()), out.Bytes()}, nil
}

// A tarring is a tar that is being made.
type tarring struct {
	root  *os.Root
	w     *tar.Writer
	out   *bytes.Buffer
	files int
}

func (t *tarring) add(name string, e fs.DirEntry, err error) error {
	if err != nil || name == "." {
		return err
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return fmt.Errorf("%w: %q has a backslash or a control character in its name", ErrRefused, name)
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: filepath.ToSlash(name), Mode: int64(info.Mode().Perm() &^ 0o022), Format: tar.FormatPAX}
	switch info.Mode().Type() {
	case 0:
		return t.file(h, info.Size())
	case fs.ModeDir:
		h.Name, h.Typeflag = h.Name+"/", tar.TypeDir
		return t.w.WriteHeader(h)
	case fs.ModeSymlink:
		h.Typeflag, h.Mode = tar.TypeSymlink, 0o777
		if h.Linkname, err = t.root.Readlink(name); err != nil {
			return err
		}
		if to := path.Join(path.Dir(name), h.Linkname); path.IsAbs(h.Linkname) || to == ".." || strings.HasPrefix(to, "../") {
			return fmt.Errorf("%w: the link %q leads to %q, outside of the directory: hosts have only what is in it", ErrRefused, name, h.Linkname)
		}
		return t.w.WriteHeader(h)
	}
	return fmt.Errorf("%w: %q is no file, directory or link (%v)", ErrRefused, name, info.Mode())
}

func (t *tarring) file(h *tar.Header, size int64) error {
	t.files++
	if int64(t.out.Len())+size > MaxProgram {
		return fmt.Errorf("it has more than the %d bytes that a host takes", MaxProgram)
	}
	f, err := t.root.Open(h.Name)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	h.Typeflag, h.Size = tar.TypeReg, size
	if err := t.w.WriteHeader(h); err != nil {
		return err
	}
	n, err := io.Copy(t.w, io.LimitReader(f, size))
	if err == nil && n != size {
		err = fmt.Errorf("%q has changed while it was read", h.Name)
	}
	return err
}

// packedForms are what an archive begins with that is compressed.
var packedForms = map[string]string{"gzip": "\x1f\x8b", "zstd": "\x28\xb5\x2f\xfd", "xz": "\xfd7zXZ\x00", "bzip2": "BZh"}

// refusePacked tells early what no host could run or unpack.
func refusePacked(path string, data []byte) error {
	for form, magic := range packedForms {
		if bytes.HasPrefix(data, []byte(magic)) {
			return fmt.Errorf("%w: %q is packed with %s, and programs and directories are packed here: add the program itself, the directory, or its tar", ErrRefused, path, form)
		}
	}
	return nil
}
