package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"golang.org/x/sys/unix"
)

// A host is where the service runs, with what may be done to it.
//
//	dir/        of the driver: what the source offers, the runs
//	dir/site/   of the driver: the same, where the releases are signed
//	dir/disk/   of the service: the binary, the state directory. A small disk
//	dir/image/  what that disk is made of
type host struct {
	dir, disk, binary string
	address           string
	root              bool
	freezes           bool       // the disk can be frozen
	jumps             bool       // the clock can jump
	signed            *publisher // nil: the service has no trust policy
	admin             *admin.Client
	first             *published
	story             *story

	diskFault sync.Mutex // held while the disk is full, read-only or frozen
	jumping   sync.Mutex // held while the clock is wrong
	limiting  sync.Mutex // held while a process may have little
	offering  sync.Mutex // held while the source gets a new release
	offered   atomic.Pointer[string]

	hasInstalled atomic.Bool // a release that was published

	mu        sync.Mutex
	releases  map[string]*published // by digest; the bytes of the last bad one only
	digests   map[string]string     // by version
	lastBad   *published
	harms     []*harm
	touched   map[int]bool // processes to which something was done
	asked     []ask        // restarts
	badDisk   int          // how often the disk was bad
	diskIsBad bool
	life      *life
	lives     []*life
	ends      bool // no master is started any more
}

// An ask is a restart that was asked for.
type ask struct {
	at   time.Time
	life *life
}

// room is how many binaries the disk holds.
const room = 8

// newHost makes one of a schedule: every other seed is of releases that are signed.
func newHost(root bool, s *story, seed uint64) (h *host, err error) {
	dir, err := os.MkdirTemp("", "torture")
	if err != nil {
		return nil, err
	}
	h = &host{
		dir: dir, disk: filepath.Join(dir, "disk"), root: root, story: s,
		releases: map[string]*published{}, digests: map[string]string{}, touched: map[int]bool{},
	}
	h.binary = filepath.Join(h.disk, "app")
	h.admin = admin.Dial(filepath.Join(h.disk, ".app.overseer", "admin.sock"))
	defer func() {
		if err != nil {
			h.remove()
		}
	}()
	if seed%2 == 1 {
		if h.signed, err = newPublisher(filepath.Join(dir, "site")); err != nil {
			return h, err
		}
	}
	if h.jumps = os.Getenv(jumpsVariable) != ""; h.jumps {
		if err := h.setClock(0); err != nil {
			return h, err
		}
	}
	if h.first, err = makeRelease(plan{Version: "first"}); err != nil {
		return h, err
	}
	h.know(h.first)
	if err := os.Mkdir(h.disk, 0o755); err != nil {
		return h, err
	}
	if root {
		if err := h.mountDisk(int64(room * len(h.first.bytes))); err != nil {
			return h, fmt.Errorf("mount a small disk at %q: %w", h.disk, err)
		}
	}
	if err := writeBinary(h.binary, h.first.bytes); err != nil {
		return h, err
	}
	h.first.bytes = nil
	h.address, err = freeAddress()
	return h, err
}

// freeAddress returns an address that nothing listens on, and that no client is
// given by the system as its own: see ip_local_port_range in ip(7).
func freeAddress() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no port from 20000 to 32000 is free")
}

// remove removes all that the host has. A mount may lie on another.
func (h *host) remove() error {
	for _, at := range []string{h.disk, h.image()} {
		for h.root && unix.Unmount(at, unix.MNT_DETACH) == nil {
		}
	}
	return os.RemoveAll(h.dir)
}

// know remembers a release.
func (h *host) know(p *published) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.releases[p.digest] = &published{plan: p.plan, digest: p.digest}
	h.digests[p.Version] = p.digest
	if p.Fault != none && !p.Fault.isForgery() {
		h.lastBad = p
	}
}

func (h *host) release(digest string) *published {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.releases[digest]
}

// publish has the source offer a release.
func (h *host) publish(p plan) (*published, error) {
	r, err := makeRelease(p)
	if err != nil {
		return nil, err
	}
	h.know(r)
	return r, h.offer(r)
}

func (h *host) offer(r *published) error {
	h.offering.Lock()
	defer h.offering.Unlock()
	h.offered.Store(&r.digest)
	if h.signed != nil {
		return h.signed.publish(r)
	}
	return writeBinary(h.next(), r.bytes)
}

// next is the file that the source looks at.
func (h *host) next() string {
	if h.signed != nil {
		return h.signed.manifest()
	}
	return filepath.Join(h.dir, "next")
}

// canForge says why a release cannot be forged. What is old is judged by what a host
// has seen before.
func (h *host) canForge(f fault) error {
	switch {
	case !f.isForgery():
		return nil
	case h.signed == nil:
		return skipped("this service has no trust policy")
	case (f == replayed || f == downgraded) && !h.hasInstalled.Load():
		return skipped("nothing was installed so far")
	}
	return nil
}

// harmBegins notes a harm that goes on until it is ended.
func (h *host) harmBegins(one harm) *harm {
	one.From = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.harms = append(h.harms, &one)
	return &one
}

func (h *host) harmEnds(one *harm) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one.To = time.Now()
}

func (h *host) touch(pid int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.touched[pid] = true
}

func (h *host) isTouched(pid int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.touched[pid]
}

// status asks the master, for a moment.
func (h *host) status() (admin.Status, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return h.admin.Status(ctx)
}
