package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/seed-3d078585/overseer/admin/doctor"
)

var doctorCommand = Command{
	Name: "doctor", About: "say what keeps the service from upgrading or answering, and what to do",
	Text: `
It looks at the master, at what holds upgrades up, at the files, filesystems and
rights that an upgrade needs, at the clock, and at the unit under systemd. Nothing
is changed. Run it as root, or as the user of the service; others see less.

Where nothing runs, --binary or --name PATH says what is looked at.

The exit code is 1 where something fails; a warning is no failure. With --json it
writes {"checks": [{"check", "result", "found", "advice"}], "result"}; result is
one of ok, warn, fail, unknown.
`,
	Examples: "doctor\ndoctor --name app --pub /etc/app/release.pub\ndoctor --binary /srv/app/app",
	Setup: func(k *Call) func(context.Context) error {
		d := &doctorFlags{}
		k.Flags.Func("pub", "public key `FILE` that releases are signed with, to see whether it can be used; may be given several times", func(s string) error {
			d.keys = append(d.keys, s)
			return nil
		})
		k.Flags.StringVar(&d.binary, "binary", k.Binary, "`FILE` that is installed (default: what the master says)")
		k.Flags.StringVar(&d.stateDir, "state-dir", k.StateDir, "`DIRECTORY` of state (default: where the socket is)")
		return func(ctx context.Context) error { return k.doctor(ctx, d) }
	},
}

type doctorFlags struct {
	keys             []string
	binary, stateDir string
}

func (k *Call) doctor(ctx context.Context, d *doctorFlags) error {
	if err := k.none(); err != nil {
		return err
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	s, err := k.subject(ctx, d)
	if err != nil {
		return err
	}
	checks := doctor.Examine(ctx, s)
	worst := doctor.OK
	count := map[doctor.Result]int{}
	for _, c := range checks {
		count[c.Result]++
	}
	for _, r := range []doctor.Result{doctor.Fail, doctor.Warn, doctor.Unknown} {
		if count[r] > 0 {
			worst = r
			break
		}
	}
	text := k.doctorText(checks) + fmt.Sprintf("\n%d failed, %d to look at, %d unknown, %d in order\n", count[doctor.Fail], count[doctor.Warn], count[doctor.Unknown], count[doctor.OK])
	if err := k.Result(map[string]any{"checks": checks, "result": worst}, text); err != nil {
		return err
	}
	if worst == doctor.Fail {
		return fmt.Errorf("%w: %d checks failed", errSaid, count[doctor.Fail])
	}
	return nil
}

// subject gathers what is looked at. That the master cannot be reached is a finding
// and no error; that it is not clear which is meant is one.
func (k *Call) subject(ctx context.Context, d *doctorFlags) (doctor.Subject, error) {
	s := doctor.Subject{Keys: d.keys, Binary: d.binary, StateDir: d.stateDir, Now: k.Now()}
	var ask func() error
	if k.place.URL != "" {
		return s, Usage("doctor looks at this machine: run it where the service is")
	}
	if k.Given("binary") || k.Given("state-dir") {
		k.Binary, k.StateDir, k.Socket = d.binary, d.stateDir, ""
	}
	f, err := k.locate(ctx)
	var lost *lostError
	switch {
	case errors.As(err, &lost) && len(lost.all) == 0 && s.Binary != "":
		s.Err = err
	case err != nil:
		return s, err
	default:
		s.Socket, s.PID = f.socket, f.pid
		ask = func() error {
			client, err := k.dial(f)
			if err != nil {
				return err
			}
			st, err := client.Status(ctx)
			if err != nil {
				return err
			}
			s.Status = &st
			s.Quarantine, err = client.Quarantine(ctx)
			return err
		}
	}
	if ask != nil {
		if err := ask(); err != nil {
			s.Err = k.explained(err)
		}
	}
	k.complete(&s)
	return s, nil
}

// complete fills in where the service lives.
func (k *Call) complete(s *doctor.Subject) {
	if s.Status != nil && s.Binary == "" {
		s.Binary = s.Status.Binary
	}
	if s.PID == 0 && s.Status != nil {
		s.PID = k.pidOf(s.Status.PID, s.Socket)
	}
	if s.Binary == "" && strings.ContainsRune(k.place.Name, filepath.Separator) {
		s.Binary = k.place.Name
	}
	if s.StateDir == "" && s.Socket != "" && nameIn(filepath.Base(s.Socket)) == "" {
		s.StateDir = filepath.Dir(s.Socket)
	}
	if s.StateDir == "" && s.Binary != "" {
		s.StateDir = filepath.Dir(besides(s.Binary))
	}
	for _, path := range []*string{&s.Binary, &s.StateDir} {
		if abs, err := filepath.Abs(*path); err == nil && *path != "" {
			*path = abs
		}
	}
}

func (k *Call) doctorText(checks []doctor.Finding) string {
	s := &sheet{Env: k.Env}
	how := map[doctor.Result]style{doctor.OK: green, doctor.Warn: yellow, doctor.Fail: red}
	for _, c := range checks {
		s.b.WriteString(s.paint(how[c.Result], fmt.Sprintf("%-8s", c.Result)))
		lines := []string{Line(c.Check + ": " + c.Found)}
		if w := s.width(); w > 0 {
			lines = wrap(lines[0], w-8)
		}
		s.b.WriteString(strings.Join(lines, "\n        ") + "\n")
		if c.Advice == "" {
			continue
		}
		lines = []string{Line("-> " + c.Advice)}
		if w := s.width(); w > 0 {
			lines = wrap(lines[0], w-8)
		}
		s.b.WriteString("        " + strings.Join(lines, "\n           ") + "\n")
	}
	return s.b.String()
}
