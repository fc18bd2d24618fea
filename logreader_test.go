//go:build unix

package overseer_test

import (
	"net/http"
	"syscall"
	"testing"
)

// A master writes to whoever reads its log: tee(1), a log daemon. When that
// dies, the kernel sends SIGPIPE at the next line, which would end the master.
func TestMasterOutlivesItsLogReader(t *testing.T) {
	t.Parallel()
	s := startService(t, web)
	s.live(1)
	address := s.Address()
	s.output.Close()
	s.Signal(syscall.SIGUSR2) // it writes several lines about that
	eventually(t, "another generation answers", func() bool {
		resp, err := http.Get("http://" + address + "/")
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		resp.Body.Close()
		return resp.Header.Get("X-Generation") == "2"
	})
	s.stop()
}
