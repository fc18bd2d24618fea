package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// timeoutOfOrders is how long an order is waited for: a start, a probation and a
// download may each take minutes.
const timeoutOfOrders = 15 * time.Minute

// ordering are the flags of commands that order something.
type ordering struct {
	reason     string
	yes        bool
	noWait     bool
	generation int
}

// order declares the flags of an order.
func (k *Call) order() *ordering {
	o := &ordering{}
	k.Flags.StringVar(&o.reason, "reason", "", "`TEXT` that says why; it is shown with what it leads to")
	k.Flags.BoolVar(&o.yes, "yes", false, "ask nothing. Nothing is asked either where standard input is no terminal")
	k.Flags.IntVar(&o.generation, "generation", 0, "`NUMBER` of the live generation; where another one is live by now the order is refused")
	return o
}

// followed declares the flags of an order that is followed to its end.
func (k *Call) followed() *ordering {
	o := k.order()
	k.Flags.BoolVar(&o.noWait, "no-wait", false, "end when it is accepted")
	k.timeout = timeoutOfOrders
	k.Flags.Lookup("timeout").DefValue = "15m"
	return o
}

func (k *Call) orderOf(o *ordering) admin.Order {
	return admin.Order{Actor: k.actor(), Reason: o.reason, Generation: o.generation, Trace: k.Getenv("TRACEPARENT")}
}

// actor is who gives the commands, beside what the master knows of the caller: the
// user behind sudo(8), and who uses a token.
func (k *Call) actor() string {
	if name := k.Getenv("SUDO_USER"); name != "" && os.Geteuid() == 0 {
		return name
	}
	if k.place.URL == "" {
		return "" // the kernel says who it is
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

const followText = `
It is followed until it is clear what became of it; what happens on the way is
written to standard error, and the exit code says the end. Ctrl-C or the end of
--timeout ends the waiting and not what was ordered.

With --json it writes {"order", "result", "reason", "output", "generation",
"release", "version", "event", "events"}. result is one of ordered (--no-wait),
live, committed, nothing new, waiting, failed, rolled-back, refused, unknown.
`

var restartCommand = Command{
	Name: "restart", About: "start the program anew, without losing a request",
	Text: `
A new generation is started beside the live one, and takes over when it is ready
and its probe has passed. If it fails, the live one goes on.
` + followText,
	Examples: "restart\nrestart --reason 'new certificate'\nrestart --name app --no-wait",
	Setup: func(k *Call) func(context.Context) error {
		o := k.followed()
		return func(ctx context.Context) error {
			return k.give(ctx, o, "restart", "", "", func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
				return c.Restart(ctx, order)
			})
		}
	},
}

var upgradeCommand = Command{
	Name: "upgrade", About: "look for a release now, and try it; or try the one that waits",
	Text: `
A release that is staged and waits is tried now, else the source is asked now. What
is found is checked, started beside the live generation, and serves its probation;
only then is it installed. If it fails, the one before is put back.

That there is nothing new is no failure.
` + followText,
	Examples: "upgrade\nupgrade --timeout 1h --json",
	Setup: func(k *Call) func(context.Context) error {
		o := k.followed()
		return func(ctx context.Context) error {
			return k.give(ctx, o, "upgrade", "", "", func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
				return c.Upgrade(ctx, order)
			})
		}
	},
}

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
	order := k.orderOf(o)
	if question != "" && k.asks(o.yes) {
		shown, err := k.statusOf(ctx, client)
		if err != nil {
			return err
		}
		if order.Generation == 0 {
			order.Generation = shown.Live // the answer is about what is shown
		}
		if err := k.sure(ctx, o.yes, fmt.Sprintf("%s, generation %d is live: %s?", shown.Name, shown.Live, question)); err != nil {
			return err
		}
	}
	accepted, err := k.patiently(ctx, func() (admin.Accepted, error) { return do(ctx, client, order) })
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

// Bounds of waiting for a master that is being replaced.
const (
	replacing      = "the master is being replaced" // what an order is refused with meanwhile
	replacedWithin = 10 * time.Second
	replacedPause  = 100 * time.Millisecond
)

// patiently orders again while the master is being replaced: that follows each
// upgrade and takes moments, and a script may well give the next order in them.
func (k *Call) patiently(ctx context.Context, do func() (admin.Accepted, error)) (admin.Accepted, error) {
	for until := time.Now().Add(replacedWithin); ; {
		accepted, err := do()
		var conflict *admin.Conflict
		if !errors.As(err, &conflict) || conflict.Reason != replacing || time.Now().After(until) {
			return accepted, err
		}
		select {
		case <-time.After(replacedPause):
		case <-ctx.Done():
			return accepted, err
		}
	}
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
