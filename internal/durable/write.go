package durable

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile replaces path with data: a temporary file beside it is written,
// flushed, closed and renamed over it, and the directory is flushed.
func (d Disk) WriteFile(path string, data []byte, mode os.FileMode) error {
	temp := Temp(path)
	if err := d.writeNew(temp, data, mode); err != nil {
		return err
	}
	if err := d.Rename(temp, path); err != nil {
		os.Remove(temp)
		return err
	}
	return d.Settle(temp, path)
}

// writeNew makes path, which must not be there, and leaves nothing on failure.
func (d Disk) writeNew(path string, data []byte, mode os.FileMode) (err error) {
	var f *os.File
	err = d.Do(Step{Op: Create, Path: path}, func() (err error) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // a second Close after the step does no harm
			os.Remove(path)
		}
	}()
	err = d.Do(Step{Op: Write, Path: path}, func() error {
		_, err := f.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if err = d.Do(Step{Op: Sync, Path: path}, f.Sync); err != nil {
		return err
	}
	return d.Do(Step{Op: Close, Path: path}, f.Close)
}

// Temp returns a fresh hidden name beside path. A process that dies leaves the
// file under it; [IsTemp] finds it again.
func Temp(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, tempPrefix(base)+rand.Text())
}

// IsTemp reports whether name, without a directory, is one that [Temp] gives
// for a file called base.
func IsTemp(name, base string) bool {
	random, ok := strings.CutPrefix(name, tempPrefix(base))
	return ok && IsRandom(random)
}

// TempOf returns the name of the file that a name of [Temp] was made for.
func TempOf(name string) (base string, ok bool) {
	const infix = ".tmp-"
	i := strings.LastIndex(name, infix)
	if i < 1 || name[0] != '.' || !IsRandom(name[i+len(infix):]) {
		return "", false
	}
	return name[1:i], true
}

// IsRandom reports whether s has the form of [rand.Text]: 26 characters of
// base32. A sweep removes only names that end in one.
func IsRandom(s string) bool {
	return len(s) == 26 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func tempPrefix(base string) string { return "." + base + ".tmp-" }

// parent is the directory that holds path's name.
func parent(path string) string { return filepath.Dir(path) }
