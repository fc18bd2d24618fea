package cli

import (
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
