package tuf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/trust"
)

const (
	maxKept     = 8 << 20 // bytes of one entry
	maxCached   = 1 << 20 // bytes of an entry that has what could be fetched again too
	keepTimeout = 10 * time.Second
)

// kept is what a policy remembers: metadata files as they were served. Roots,
// timestamp and snapshot must not be forgotten, as they say which versions
// were seen; the rest saves requests.
type kept struct {
	Roots     map[int64][]byte  `json:"roots,omitempty"` // by version: those after a pinned one
	Timestamp []byte            `json:"timestamp,omitempty"`
	Snapshot  []byte            `json:"snapshot,omitempty"`
	Targets   map[string][]byte `json:"targets,omitempty"` // by role
}

func parseKept(data []byte) (*kept, error) {
	k := new(kept)
	if len(data) > 0 {
		if err := json.Unmarshal(data, k); err != nil {
			return nil, err
		}
	}
	if k.Roots == nil {
		k.Roots = map[int64][]byte{}
	}
	if k.Targets == nil {
		k.Targets = map[string][]byte{}
	}
	return k, nil
}

// bytes are the same for the same content.
func (k *kept) bytes() ([]byte, error) {
	data, err := json.Marshal(k)
	if err == nil && len(data) > maxCached {
		data, err = json.Marshal(&kept{Roots: k.Roots, Timestamp: k.Timestamp, Snapshot: k.Snapshot})
	}
	if err != nil {
		return nil, err
	}
	if len(data) > maxKept {
		return nil, fmt.Errorf("%d bytes of roots, timestamp and snapshot are more than %d", len(data), maxKept)
	}
	return data, nil
}

// forgetRoots forgets the roots from a version on.
func (k *kept) forgetRoots(from int64) {
	maps.DeleteFunc(k.Roots, func(version int64, _ []byte) bool { return version >= from })
}

// forgetTargets forgets the roles that are not among those in use.
func (k *kept) forgetTargets(used []string) {
	maps.DeleteFunc(k.Targets, func(role string, _ []byte) bool { return !slices.Contains(used, role) })
}

// errOvertaken: what is kept is not what this look began with.
var errOvertaken = errors.New("another process has changed what is kept")

// A shelf is the place of one policy in the host's memory.
type shelf struct {
	memory trust.Memory
	name   string
}

// read returns what is kept.
func (s shelf) read(ctx context.Context) (data []byte, err error) {
	err = s.memory.Update(ctx, s.name, func(old []byte) ([]byte, error) {
		data = bytes.Clone(old)
		return old, nil
	})
	if err != nil {
		return nil, s.failed(ctx, "read", err)
	}
	return data, nil
}

// write keeps after where before is kept, and fails with errOvertaken where
// something else is. What was learned must not be forgotten, so it does not end
// with ctx.
func (s shelf) write(ctx context.Context, before, after []byte) error {
	if bytes.Equal(before, after) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	err := s.memory.Update(ctx, s.name, func(old []byte) ([]byte, error) {
		switch {
		case bytes.Equal(old, after):
			return old, nil
		case !bytes.Equal(old, before):
			return nil, errOvertaken
		}
		return after, nil
	})
	if err != nil {
		return fmt.Errorf("%w: keep %q: %w", ErrMemory, s.name, err)
	}
	return nil
}

func (s shelf) failed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s %q: %w", what, s.name, ended(ctx))
	}
	return fmt.Errorf("%w: %s %q: %w", ErrMemory, what, s.name, err)
}

// process is the memory of a policy without a host: it lasts as long as the
// process.
type process struct {
	mu      sync.Mutex
	entries map[string][]byte
}

func (p *process) Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	entry, err := change(p.entries[name])
	if err != nil {
		return err
	}
	if p.entries == nil {
		p.entries = map[string][]byte{}
	}
	p.entries[name] = entry
	return nil
}
