package demo

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// maxProgram bounds what is read of this program's own executable.
const maxProgram = 1 << 30

// A shelf makes the releases and serves the one that is published, over HTTP
// with an ETag, as any static file server would.
type shelf struct {
	program []byte // this executable, without a label
	server  *http.Server
	url     string

	mu     sync.Mutex
	bytes  []byte
	digest release.Digest
}

// openShelf starts the server. close ends it.
func openShelf() (*shelf, error) {
	path, err := self()
	if err != nil {
		return nil, fmt.Errorf("find this program's executable: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find this program's executable: %w", err)
	}
	if info.Size() > maxProgram {
		return nil, fmt.Errorf("this program's executable has %d bytes, more than %d", info.Size(), maxProgram)
	}
	s := &shelf{}
	if s.program, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("read this program's executable: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the release server: %w", err)
	}
	s.url = "http://" + l.Addr().String() + "/service"
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	go s.server.Serve(l) // until close
	return s, nil
}

func (s *shelf) close() { s.server.Close() }

// build returns the bytes of a version.
func (s *shelf) build(l label) []byte {
	return append(bytes.Clone(s.program), l.bytes()...)
}

// publish makes a version the one that the server offers.
func (s *shelf) publish(l label) release.Digest {
	b := s.build(l)
	d := digestOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes, s.digest = b, d
	return d
}

func digestOf(program []byte) release.Digest { return sha256.Sum256(program) }

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b, d := s.bytes, s.digest
	s.mu.Unlock()
	if b == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"`+d.Short()+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}
