package worker

import (
	"testing"
	"unsafe"
)

// A connection costs its wrapper and nothing else of ours: no goroutine, no
// buffer. There may be hundreds of thousands of them.
func TestWrapperIsSmall(t *testing.T) {
	const most = 100
	for name, size := range map[string]uintptr{
		"tcp":  unsafe.Sizeof(tcpConn{}),
		"unix": unsafe.Sizeof(unixConn{}),
	} {
		if size > most {
			t.Errorf("the wrapper of a %s connection has %d bytes, want at most %d", name, size, most)
		}
	}
}
