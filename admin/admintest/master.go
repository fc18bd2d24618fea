package admintest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A Master is an [admin.Master] whose answers a test sets. All methods are safe
// for concurrent use. Made by [New].
type Master struct {
	mu         sync.Mutex
	status     admin.Status
	sample     admin.Sample
	history    []admin.Attempt
	quarantine []admin.Entry
	orders     []Ordered
	refusal    *admin.Conflict // nil: none
	calls      map[string]int
	hangs      bool
	failure    error

	events  []admin.Event // the newest of them, without a gap
	keep    int
	last    uint64        // ID of the newest event
	changed chan struct{} // closed and made anew at each event
	ended   chan struct{}
	isOver  bool
}

var _ admin.Master = (*Master)(nil)

// New returns one that serves with generation 1 and has told no event yet.
func New() *Master {
	return &Master{
		status:  firstStatus(),
		sample:  firstSample(),
		calls:   map[string]int{},
		keep:    1000,
		changed: make(chan struct{}),
		ended:   make(chan struct{}),
	}
}

// SetStatus sets what Status says. Its Event and Time are filled in.
func (m *Master) SetStatus(s admin.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = s
}

// ChangeStatus changes what Status says.
func (m *Master) ChangeStatus(change func(*admin.Status)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.status)
}

// SetSample sets what Sample says. Its Time is filled in.
func (m *Master) SetSample(s admin.Sample) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sample = s
}

// SetHistory sets the changes of release, the newest first.
func (m *Master) SetHistory(all ...admin.Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.history = slices.Clone(all)
}

// SetQuarantine sets what is in quarantine.
func (m *Master) SetQuarantine(all ...admin.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quarantine = slices.Clone(all)
}

// Hang has each method that takes a context wait until that ends, or lets them
// answer again.
func (m *Master) Hang(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hangs = on
}

// Fail has each method that takes a context answer with an error; nil lets them
// answer again.
func (m *Master) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failure = err
}

// Calls returns how often a method of [admin.Master] was called.
func (m *Master) Calls(method string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[method]
}

// enter counts a call, and waits where the Master hangs.
func (m *Master) enter(ctx context.Context, method string) error {
	m.mu.Lock()
	m.calls[method]++
	hangs, failure := m.hangs, m.failure
	m.mu.Unlock()
	if hangs {
		<-ctx.Done()
	}
	if failure != nil {
		return failure
	}
	return ctx.Err()
}

// Status implements [admin.Master].
func (m *Master) Status(ctx context.Context) (admin.Status, error) {
	if err := m.enter(ctx, "Status"); err != nil {
		return admin.Status{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.status
	s.Event = m.last
	s.Time = time.Now()
	s.Generations = slices.Clone(s.Generations)
	s.Gone = slices.Clone(s.Gone)
	return s, nil
}

// Sample implements [admin.Master].
func (m *Master) Sample(ctx context.Context) (admin.Sample, error) {
	if err := m.enter(ctx, "Sample"); err != nil {
		return admin.Sample{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sample
	s.Time = time.Now()
	s.Generations = slices.Clone(s.Generations)
	return s, nil
}

// History implements [admin.Master].
func (m *Master) History(ctx context.Context, limit int) ([]admin.Attempt, error) {
	if err := m.enter(ctx, "History"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.history[:min(limit, len(m.history))]), nil
}

// Quarantine implements [admin.Master].
func (m *Master) Quarantine(ctx context.Context) ([]admin.Entry, error) {
	if err := m.enter(ctx, "Quarantine"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.quarantine), nil
}
