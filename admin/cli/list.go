package cli

import (
	"context"
	"slices"
	"strconv"

	"github.com/seed-3d078585/overseer/admin"
)

var listCommand = Command{
	Name: "list", Aliases: []string{"ls"}, About: "list the masters that run here", Alone: true,
	Text: `
All masters that this user may look at: on Linux those of all containers and
namespaces that can be seen. Whoever is not root sees the own ones. A master has a
socket called admin.sock; one without it (Config.Admin) is not found.

With --json it writes {"masters": [{"name", "binary", "pid", "socket", "condition",
"error"}]}; pid is as it is seen from here.
`,
	Examples: "list\nlist --json",
	Setup: func(k *Call) func(context.Context) error {
		k.Flags.BoolVar(&k.JSON, "json", false, "write JSON to standard output, for scripts")
		return k.list
	},
}

// A listed is one master of list --json.
type listed struct {
	Name      string          `json:"name"`
	Binary    string          `json:"binary,omitempty"`
	PID       int             `json:"pid,omitempty"`
	Socket    string          `json:"socket"`
	Condition admin.Condition `json:"condition,omitempty"`
	Error     string          `json:"error,omitempty"` // why it does not say more
}

func (k *Call) list(ctx context.Context) error {
	if err := k.none(); err != nil {
		return err
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	all, err := masters(ctx)
	if err != nil {
		return err
	}
	ask(ctx, all)
	all = slices.DeleteFunc(all, dead)
	out := []listed{}
	t := table{{"NAME", "PID", "CONDITION", "SOCKET"}}
	for _, f := range all {
		one := listed{Name: f.name(), Binary: f.status.Binary, PID: f.pid, Socket: f.socket, Condition: f.status.Condition}
		said := string(one.Condition)
		if f.err != nil {
			one.Error = f.err.Error()
			said = "? " + one.Error
		}
		out = append(out, one)
		t = append(t, []string{one.Name, strconv.Itoa(one.PID), said, one.Socket})
	}
	text := t.text(k.Env)
	if len(all) == 0 {
		text = "no running master was found\n"
	}
	return k.Result(map[string]any{"masters": out}, text)
}
