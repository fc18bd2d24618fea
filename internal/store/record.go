package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	// recordVersion is written; a later one is read for what is known of it.
	recordVersion = 1

	maxRecord  = 1 << 20 // bytes of a record that is read
	maxMemory  = 8 << 20 // bytes that a policy keeps
	maxEntries = 256     // entries of a record that is written
	maxReason  = 1 << 10 // bytes of a reason that is kept
)

// A record is one of the JSON files. Readers need no lock, as it changes
// by a rename; who writes holds the store's lock from the reading on.
type record interface {
	trialRecord | quarantineRecord | heldRecord
	version() int
}

// decode reads a record. Unknown fields are ignored; anything else that is not
// a record is an error.
func decode[R record](r io.Reader) (R, error) {
	var rec, none R
	data, err := io.ReadAll(io.LimitReader(r, maxRecord+1))
	if err != nil {
		return none, err
	}
	if len(data) > maxRecord {
		return none, fmt.Errorf("%w: more than %d bytes", errDamaged, maxRecord)
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return none, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if rec.version() < 1 {
		return none, fmt.Errorf("%w: no version", errDamaged)
	}
	return rec, nil
}

var errDamaged = errors.New("not a record")

// read returns the record, empty where there is none yet.
func read[R record](s *Store, name string) (R, error) {
	var none R
	path := filepath.Join(s.dir, name)
	f, err := openRead(path)
	if isAbsent(err) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read record %q: %w", path, err)
	}
	defer f.Close() // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return none, fmt.Errorf("read record %q: %w", path, errors.Join(errDamaged, err))
	}
	rec, err := decode[R](f)
	if err != nil {
		return none, fmt.Errorf("read record %q: %w", path, err)
	}
	return rec, nil
}

// readLocked is read, but sets a damaged record aside and goes on with an
// empty one. The caller holds the lock.
func readLocked[R record](s *Store, name string) (R, error) {
	rec, err := read[R](s, name)
	if !errors.Is(err, errDamaged) {
		return rec, err
	}
	path := filepath.Join(s.dir, name)
	aside := path + ".corrupt"
	if err := s.disk.Replace(path, aside); err != nil {
		return rec, fmt.Errorf("set damaged record %q aside: %w", path, advise(err, s.dir))
	}
	s.warn(fmt.Errorf("%w: it is kept as %q, and what it said is forgotten: %w", ErrCorrupt, aside, err))
	return rec, nil
}

// readAny is for who only asks: without a lock where the record is whole.
func readAny[R record](s *Store, name string) (R, error) {
	var none R
	if have, err := s.haveDir(); err != nil || !have {
		return none, err
	}
	rec, err := read[R](s, name)
	if !errors.Is(err, errDamaged) {
		return rec, err
	}
	unlock, err := s.lock(context.Background())
	if err != nil {
		return none, err
	}
	defer unlock()
	return readLocked[R](s, name)
}

// writeLocked replaces the record; an empty one is removed, which most full
// disks do not refuse. The caller holds the lock.
func (s *Store) writeLocked(name string, rec any, empty bool) error {
	path := filepath.Join(s.dir, name)
	if empty {
		if _, err := os.Lstat(path); isAbsent(err) {
			return nil
		}
		if err := s.disk.Remove(path); err != nil {
			return fmt.Errorf("remove record %q: %w", path, advise(err, s.dir))
		}
		return nil
	}
	data, err := json.MarshalIndent(rec, "", "\t")
	if err != nil {
		return fmt.Errorf("write record %q: %w", path, err)
	}
	if err := s.disk.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write record %q: %w", path, advise(err, s.dir))
	}
	return nil
}
