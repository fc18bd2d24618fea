package publish

import (
	"bytes"
	"os"
	"path/filepath"
	"time"
)

// tidy finishes what a publisher that was killed left undone. All of it is of no
// consequence for a reader that goes by the digest.
func (d *Directory) tidy(s *state) error {
	d.disk.sweep(0) // under the lock nobody else writes one
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

// sweep removes temporary files of a certain age. One that stays does no harm.
func (d disk) sweep(age time.Duration) {
	entries, err := os.ReadDir(d.path(tempName))
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && (age == 0 || time.Since(info.ModTime()) >= age) {
			os.Remove(filepath.Join(d.path(tempName), e.Name()))
		}
	}
}

// copySignatures puts signatures beside what they are of, for minisign -V.
func (d *Directory) copySignatures(name string, raw []byte) error {
	old, err := d.disk.read(copyName(name), int64(len(raw)))
	if err == nil && bytes.Equal(old, raw) {
		return nil
	}
	return d.disk.write(copyName(name), raw)
}
