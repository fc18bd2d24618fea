//go:build unix

package master

import (
	"context"
	"fmt"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/release"
)

func (c console) Quarantine(context.Context) ([]admin.Entry, error) {
	entries := []admin.Entry{}
	if c.m.cfg.Store == nil {
		return entries, nil
	}
	all, err := c.m.cfg.Store.Entries()
	for _, e := range all {
		entry := admin.Entry{Digest: e.Digest.String(), Reason: e.Reason, Since: e.Since}
		if !e.Until.IsZero() {
			entry.Until = &e.Until
		}
		entries = append(entries, entry)
	}
	return entries, err
}

func (c console) Forget(ctx context.Context, o admin.Order, text string) error {
	d, err := c.quarantined(ctx, text)
	if err != nil {
		return err
	}
	m := c.m
	ev := machine.Forgotten{Digest: machine.Digest(d.String())}
	check := func() string { return m.machine.Refuses(ev) }
	if err := c.order(ctx, o, check); err != nil {
		return err
	}
	if err := m.cfg.Store.Lift(d); err != nil {
		return err
	}
	o.Generation = 0 // that was looked at; another one may be live by now
	return c.order(context.WithoutCancel(ctx), o, func() string {
		m.tellOrder(admin.Forgotten, o, d.String())
		m.step(ev)
		return ""
	})
}

func (c console) quarantined(ctx context.Context, text string) (release.Digest, error) {
	all, err := c.Quarantine(ctx)
	if err != nil {
		return release.Digest{}, err
	}
	for _, e := range all {
		if e.Digest == text {
			return release.ParseDigest(text)
		}
	}
	return release.Digest{}, fmt.Errorf("%w: no release %q is quarantined", admin.ErrNotFound, text)
}
