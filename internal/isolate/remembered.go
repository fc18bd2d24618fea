package isolate

import (
	"fmt"
	"sync"
)

// maxMemory bounds what is kept of a source's memory, in bytes.
const maxMemory = 64 << 10

// remembered is what the source of a fetch process knows of what was taken. It
// outlives the process, so that the next one does not download it again.
type remembered struct {
	mu   sync.Mutex
	data []byte
}

func (r *remembered) get() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.data
}

func (r *remembered) set(data []byte) error {
	if len(data) > maxMemory {
		return fmt.Errorf("it remembers %d bytes, more than %d", len(data), maxMemory)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data = data
	return nil
}
