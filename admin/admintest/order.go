package admintest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// An Ordered is one order that a [Master] was given, also where it was refused.
type Ordered struct {
	Name  string // of the method: Restart, Upgrade, Rollback, Hold, Release, Forget, SetLogLevel
	Order admin.Order

	To     admin.Target // of Rollback
	Until  time.Time    // of Hold
	Digest string       // of Forget
	Level  string       // of SetLogLevel
}

// Orders returns all orders so far, the first one first.
func (m *Master) Orders() []Ordered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.orders)
}

// Refuse has all orders refused with an [admin.Conflict] of this reason; an empty
// one has them accepted again.
func (m *Master) Refuse(reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = &admin.Conflict{Reason: reason}
	if reason == "" {
		m.refusal = nil
	}
}

// RefuseFor has all orders refused with this conflict, until Refuse("").
func (m *Master) RefuseFor(c admin.Conflict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = &c
}

// take records an order and says whether it is refused. Where it is not, it is
// carried out: by the function, which may be nil, and by an event.
func (m *Master) take(ctx context.Context, o Ordered, kind admin.Kind, do func() error) error {
	if err := m.enter(ctx, o.Name); err != nil {
		return err
	}
	if err := m.record(o, do); err != nil {
		return err
	}
	m.Emit(admin.Event{Kind: kind, Actor: o.Order.Actor, Reason: o.Order.Reason, Trace: o.Order.Trace, Release: o.Digest})
	return nil
}

func (m *Master) record(o Ordered, do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.orders = append(m.orders, o)
	if m.refusal != nil {
		return m.refusal
	}
	if want := o.Order.Generation; want != 0 && want != m.status.Live {
		return &admin.Conflict{Reason: fmt.Sprintf("generation %d is live, not %d: look again, and order again if it is still wanted", m.status.Live, want)}
	}
	if do != nil {
		return do()
	}
	return nil
}

// Restart implements [admin.Master].
func (m *Master) Restart(ctx context.Context, o admin.Order) error {
	return m.take(ctx, Ordered{Name: "Restart", Order: o}, admin.RestartAsked, nil)
}

// Upgrade implements [admin.Master].
func (m *Master) Upgrade(ctx context.Context, o admin.Order) error {
	return m.take(ctx, Ordered{Name: "Upgrade", Order: o}, admin.UpgradeAsked, nil)
}

// Rollback implements [admin.Master].
func (m *Master) Rollback(ctx context.Context, o admin.Order, to admin.Target) error {
	return m.take(ctx, Ordered{Name: "Rollback", Order: o, To: to}, admin.RollbackAsked, nil)
}

// Hold implements [admin.Master].
func (m *Master) Hold(ctx context.Context, o admin.Order, until time.Time) error {
	return m.take(ctx, Ordered{Name: "Hold", Order: o, Until: until}, admin.Held, func() error {
		m.status.Hold = &admin.Hold{Since: time.Now(), Reason: o.Reason, Actor: o.Actor}
		if !until.IsZero() {
			m.status.Hold.Until = &until
		}
		return nil
	})
}

// Release implements [admin.Master].
func (m *Master) Release(ctx context.Context, o admin.Order) error {
	return m.take(ctx, Ordered{Name: "Release", Order: o}, admin.Released, func() error {
		m.status.Hold = nil
		return nil
	})
}

// Forget implements [admin.Master].
func (m *Master) Forget(ctx context.Context, o admin.Order, digest string) error {
	return m.take(ctx, Ordered{Name: "Forget", Order: o, Digest: digest}, admin.Forgotten, func() error {
		i := slices.IndexFunc(m.quarantine, func(e admin.Entry) bool { return e.Digest == digest })
		if i < 0 {
			return admin.ErrNotFound
		}
		m.quarantine = slices.Delete(slices.Clone(m.quarantine), i, i+1)
		return nil
	})
}

// SetLogLevel implements [admin.Master].
func (m *Master) SetLogLevel(ctx context.Context, o admin.Order, level string) error {
	return m.take(ctx, Ordered{Name: "SetLogLevel", Order: o, Level: level}, admin.LogLevel, func() error {
		m.status.LogLevel = level
		return nil
	})
}
