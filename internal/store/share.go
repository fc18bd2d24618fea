package store

import (
	"os"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// share makes a candidate executable: for this user alone, or for those too who
// may run the installed program.
func (s *Store) share(disk durable.Disk, f *os.File, path string, at location) error {
	mode := os.FileMode(0o700)
	if s.others {
		mode |= at.info.Mode().Perm() & 0o055
		err := disk.Do(durable.Step{Op: durable.Own, Path: path}, func() error { return shareGroup(f, at) })
		if err != nil {
			return err
		}
	}
	return disk.Do(durable.Step{Op: durable.Mode, Path: path}, func() error { return f.Chmod(mode) })
}
