package trust

import (
	"context"
	"sync"
)

// processMemory is the [Memory] of a policy whose host has none. It ends with
// the process.
type processMemory struct {
	mu      sync.Mutex
	entries map[string][]byte
}

func (p *processMemory) Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, err := change(p.entries[name])
	if err != nil {
		return err
	}
	if p.entries == nil {
		p.entries = map[string][]byte{}
	}
	p.entries[name] = now
	return nil
}
