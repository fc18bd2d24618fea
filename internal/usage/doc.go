// Package usage tells what a process takes: memory and processor time. Where the
// system does not say it without a detour, it is zero.
//
// Source: proc(5), /proc/PID/stat and /proc/PID/statm.
package usage

import "time"

// A Usage is what one process takes.
type Usage struct {
	RSS int64         // bytes
	CPU time.Duration // so far
}
