package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seed-3d078585/overseer/admin"
)

// give gives an order and follows it.
func (k *Call) give(ctx context.Context, o *ordering, name, question string, to admin.Target, do func(context.Context, *admin.Client, admin.Order) (admin.Accepted, error)) error {
	if err := k.none(); err != nil {
		return err
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	before, err := k.statusOf(ctx, client)
	if err != nil {
		return err
	}
	order := k.orderOf(o)
	if question != "" && k.asks(o.yes) {
		if order.Generation == 0 {
			order.Generation = before.Live // the answer is about what is shown
		}
		if err := k.sure(ctx, o.yes, fmt.Sprintf("%s, generation %d is live: %s?", before.Name, before.Live, question)); err != nil {
			return err
		}
	}
	g := giving{client: client, asked: askedKinds[name], order: order, after: before.Event}
	accepted, err := g.give(ctx, func() (admin.Accepted, error) { return do(ctx, client, order) })
	if err != nil {
		return err
	}
	c := newCourse(name, to, accepted.Event)
	if o.noWait {
		c.Result = Ordered
		return k.Result(c.Outcome, c.sentence()+"\n")
	}
	return k.conclude(c, k.follow(ctx, client, c))
}

// statusOf asks for the status, within the time of a read.
func (k *Call) statusOf(ctx context.Context, client *admin.Client) (admin.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, timeoutOfReads)
	defer cancel()
	return client.Status(ctx)
}

// conclude writes an outcome, and turns it into the command's error.
func (k *Call) conclude(c *course, err error) error {
	switch {
	case err != nil:
		c.Result, c.Reason = Unknown, err.Error()
	case c.Result.ok():
		return k.Result(c.Outcome, clean(c.sentence())+"\n")
	default:
		err = errors.New(c.sentence())
	}
	if !k.JSON {
		if c.Output != "" {
			s := &sheet{Env: k.Env}
			s.quoted(c.Output, 20)
			io.WriteString(k.Stderr, s.b.String())
		}
		return err
	}
	if out := k.writeJSON(c.Outcome); out != nil {
		return out
	}
	k.say("%s %s: %v", k.Program, k.command.Name, err)
	return fmt.Errorf("%w: %w", errSaid, err)
}
