package publish

import (
	"bytes"
	"os"
	"path/filepath"
)

// tidy finishes what a publisher that was killed left undone. All of it is of no
// consequence for a reader that goes by the digest.
func (d *Directory) tidy(s *state) error {
	left, err := filepath.Glob(filepath.Join(d.disk.path(tempName), "new-*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		os.Remove(path) // under the lock nobody else writes one
	}
	for _, channel := range s.channels() {
		m := s.current[channel]
		if err := d.copySignatures(manifestName(channel), m.rawSigs); err != nil {
			return err
		}
		if err := d.dropIfPublished(m); err != nil {
			return err
		}
	}
	if s.list != nil {
		return d.copySignatures(keysName, s.list.rawSigs)
	}
	return nil
}

// copySignatures puts signatures beside what they are of, for minisign -V.
func (d *Directory) copySignatures(name string, raw []byte) error {
	old, err := d.disk.read(copyName(name), int64(len(raw)))
	if err == nil && bytes.Equal(old, raw) {
		return nil
	}
	return d.disk.write(copyName(name), raw)
}
