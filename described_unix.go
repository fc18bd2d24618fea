//go:build unix

package overseer

import (
	"fmt"
	"os"
	"strings"

	"github.com/seed-3d078585/overseer/internal/master"
)

// described is the configuration in words, so that what a new master changes can
// be told. What may hold a secret, as the address of a source, is told by its
// type alone.
func (s settled) described() []master.Described {
	kind := func(v any) string {
		if v == nil {
			return "none"
		}
		return fmt.Sprintf("%T", v)
	}
	given := func(is bool) string {
		if is {
			return "set"
		}
		return "none"
	}
	var list []master.Described
	for _, d := range []struct {
		name  string
		value any
	}{
		{"Addresses", strings.Join(s.specs(), " ")},
		{"RestartSignal", s.RestartSignal},
		{"TerminateTimeout", s.TerminateTimeout},
		{"ReadyTimeout", s.ReadyTimeout},
		{"Probation", s.Probation},
		{"ProbeInterval", s.ProbeInterval},
		{"MinFetchInterval", s.MinFetchInterval},
		{"Quarantine", s.Quarantine},
		{"KeepAlive", s.KeepAlive},
		{"NoRestart", s.NoRestart},
		{"NoRestartAfterFetch", s.NoRestartAfterFetch},
		{"Sequential", s.Sequential},
		{"Overlap", s.Overlap},
		{"StateDir", s.StateDir},
		{pidFileSetting, s.PIDFile},
		{"Credential", given(s.Credential != nil)},
		{"Fetcher", kind(s.Fetcher)},
		{"IsolateFetch", s.isolated()},
		{"Trust", kind(s.Trust)},
		{"Probe", given(s.Probe != nil)},
		{"PreUpgrade", given(s.PreUpgrade != nil)},
		{"MayRestart", given(s.MayRestart != nil)},
		{"OnCrash", given(s.OnCrash != nil)},
		{"OnEvent", given(s.OnEvent != nil)},
		{"Admin.Disabled", s.Admin.Disabled},
		{"Admin.Socket", s.Admin.Socket},
		{"Admin.Address", s.Admin.Address},
	} {
		list = append(list, master.Described{Name: d.name, Value: fmt.Sprint(d.value)})
	}
	return list
}

const pidFileSetting = "PIDFile"

// runsItself reports whether the master runs the very binary that its program
// does.
func (s settled) runsItself() bool {
	if handed.taken {
		return true // it was executed as the installed binary
	}
	own, err := os.Stat(runningFile())
	if err != nil {
		return false
	}
	program, err := os.Stat(s.binary)
	return err == nil && os.SameFile(own, program)
}
