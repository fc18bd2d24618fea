package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/seed-3d078585/overseer/trust"
)

// A memory is the [trust.Memory] of a store: a file of the state directory for
// each name. It does not know what the bytes mean; so a damaged file is for its
// policy to refuse, and is never forgotten in silence.
type memory struct{ store *Store }

// Memory keeps what policies must not forget, durably, in the state directory.
// Several masters that share it do not overwrite each other.
func (s *Store) Memory() trust.Memory { return memory{s} }

func (m memory) Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	if !isMemoryName(name) {
		return fmt.Errorf("memory %.80q: the name is not of the form [a-z0-9][a-z0-9.-]*, up to 64 bytes", name)
	}
	unlock, err := m.store.lock(ctx)
	if err != nil {
		return fmt.Errorf("memory %q: %w", name, err)
	}
	defer unlock()
	path := filepath.Join(m.store.dir, memoryPrefix+name)
	old, err := readMemory(path)
	if err != nil {
		return fmt.Errorf("memory %q: %w", name, err)
	}
	data, err := change(old)
	switch {
	case err != nil:
		return err
	case old == nil && len(data) == 0:
		return nil
	case bytes.Equal(data, old):
		err = m.store.flushName(path)
	default:
		if err = m.store.disk.WriteFile(path, data, 0o600); err == nil {
			m.store.noteFlushed(path)
		}
	}
	if err != nil {
		return fmt.Errorf("memory %q: %w", name, advise(err, m.store.dir))
	}
	return nil
}

// readMemory returns nil where there is nothing yet.
func readMemory(path string) ([]byte, error) {
	f, err := openRead(path)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxMemory+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %q: %w", path, err)
	case len(data) > maxMemory:
		return nil, fmt.Errorf("read %q: more than %d bytes: somebody else has written there", path, maxMemory)
	}
	return data, nil
}

func isMemoryName(name string) bool {
	const first = "abcdefghijklmnopqrstuvwxyz0123456789"
	return name != "" && len(name) <= 64 && strings.Trim(name[:1], first) == "" && strings.Trim(name, first+".-") == ""
}
