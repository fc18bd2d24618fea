package bsdiff40_test

import (
	"context"
	"io"
	"os/exec"
)

// A piped writer has another program do the packing.
type piped struct {
	io.WriteCloser
	cmd *exec.Cmd
}

func newPiped(ctx context.Context, program string, w io.Writer) (*piped, error) {
	cmd := exec.CommandContext(ctx, program, "-9")
	cmd.Stdout = w
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &piped{in, cmd}, cmd.Start()
}

func (p *piped) Close() error {
	err := p.WriteCloser.Close()
	if waited := p.cmd.Wait(); err == nil {
		err = waited
	}
	return err
}
