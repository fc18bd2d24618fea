package trusttest

import (
	"bytes"
	"context"
	"sync"
)

// Memory is a [trust.Memory] of a test: it lives longer than the policies that
// it is given to, as the disk of a host does.
type Memory struct {
	mu      sync.Mutex
	entries map[string][]byte
	writes  int
}

// Update implements [trust.Memory].
func (m *Memory) Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.entries[name]
	now, err := change(bytes.Clone(old))
	if err != nil || bytes.Equal(now, old) {
		return err
	}
	if m.entries == nil {
		m.entries = map[string][]byte{}
	}
	m.entries[name] = bytes.Clone(now)
	m.writes++
	return nil
}

// Entry returns what is kept under a name; nil: nothing.
func (m *Memory) Entry(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.entries[name])
}

// Set puts something under a name, as damage does.
func (m *Memory) Set(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		m.entries = map[string][]byte{}
	}
	m.entries[name] = data
}

// Writes returns how often something was written.
func (m *Memory) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}
