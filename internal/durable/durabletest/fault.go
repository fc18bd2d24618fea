package durabletest

import "github.com/seed-3d078585/overseer/internal/durable"

// A Fault is asked before step n, counted from 1. Its error is returned in place
// of the step.
type Fault func(n int, s durable.Step) error

// Once fails step n alone.
func Once(n int, err error) Fault {
	return func(at int, _ durable.Step) error {
		if at == n {
			return err
		}
		return nil
	}
}

// From fails step n and all after it, until well reports that the disk is well
// again.
func From(n int, err error, well func() bool) Fault {
	return func(at int, _ durable.Step) error {
		if at >= n && !well() {
			return err
		}
		return nil
	}
}
