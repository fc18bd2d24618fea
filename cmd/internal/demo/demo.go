package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seed-3d078585/overseer"
)

// Run plays the demo on w and returns an exit code: 0 where all went as
// promised. It blocks for about half a minute, or until shortly after ctx is
// done, and leaves nothing behind.
func Run(ctx context.Context, w io.Writer) int {
	s := newScreen(w)
	if !overseer.IsSupported() {
		s.line("The demo needs a system that overseer supports: Linux, macOS or a BSD.")
		return 1
	}
	s.line(s.paint(bold, "overseer demo") + ": a service is upgraded and restarted under load, with good releases and bad ones.")
	s.line("")
	err := run(ctx, s)
	s.line("")
	switch {
	case err == nil:
		s.line(s.paint(green, "All went as promised: no request failed."))
		return 0
	case ctx.Err() != nil:
		s.line(s.paint(yellow, "The demo was ended early. Nothing of it is left."))
		return 1
	default:
		s.line(s.paint(red, "This went wrong: "+err.Error()))
		return 1
	}
}

// run sets the stage, has the script played, and clears the stage.
func run(ctx context.Context, s *screen) (err error) {
	shelf, err := openShelf()
	if err != nil {
		return err
	}
	defer shelf.close()
	shelf.publish(first)
	p, err := startProcess(shelf.build(first), shelf.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	d := newDirector(s, shelf, p)
	defer d.clock.Stop()
	err = d.play(ctx)
	if d.load != nil {
		d.load.stop()
	}
	if ctx.Err() == nil && !errors.Is(err, errEnded) {
		err = errors.Join(err, d.end(ctx))
	}
	s.settle()
	if d.load == nil {
		return errors.Join(err, said(p))
	}
	t := d.seen()
	s.line("")
	s.line(d.score.table(t))
	if err = errors.Join(err, t.judge()); err != nil && ctx.Err() == nil {
		err = errors.Join(err, said(p))
	}
	return err
}

// said is what the service wrote on standard error, for the case that something
// went wrong.
func said(p *process) error {
	if text := p.said.String(); text != "" {
		return fmt.Errorf("the service's standard error ends with:\n%s", text)
	}
	return nil
}
