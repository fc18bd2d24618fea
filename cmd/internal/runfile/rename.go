package runfile

import (
	"errors"
	"strings"
)

// names are the settings behind the fields that an error of package overseer
// names, longer names first.
var names = strings.NewReplacer(
	"Config.Command.NonBlocking", "non-blocking",
	"Config.Command.ReadyAfter", "ready",
	"Config.Command.Ready", "ready",
	"Config.Command.DrainSignal", "drain-by",
	"Config.Command.StandbySignal", "standby-by",
	"Config.Command.ResumeSignal", "resume-by",
	"Config.Command: StandbySignal and ResumeSignal", "standby-by: it and resume-by",
	"Config.Command.Args", "program",
	"Config.Command.Home", "home", ".Home", "home",
	"Config.Command.Env", "env",
	"Config.Command.Dir", "dir",
	"Config.Command.Names", "listen",
	"Config.Command.PrivateProbe", "private-probe",
	"ReadyByTime", "a time", "ReadyByProbe", "probe", "ReadyByNotify", "notify",
	"Config.Addresses", "listen", "Addresses[", "listen[",
	"Config.TerminateTimeout", "terminate-timeout",
	"Config.MinFetchInterval", "fetch-interval",
	"Config.ReadyTimeout", "ready-timeout",
	"Config.ProbeInterval", "probe-interval",
	"Config.Probe", "probe",
	"Config.ExecFile", "exec-file",
	"Config.StateDir", "state-dir",
	"Config.PIDFile", "pid-file",
	"Config.Credential.User", "user", "Config.Credential.Group", "group", "Config.Credential", "user",
	"Config.Trust", "key",
	"Config.Sequential", "sequential",
	"Config.KeepAlive", "keep-alive",
)

// A renamed error speaks of settings where the one inside speaks of fields.
type renamed struct {
	text string
	err  error
}

func (r renamed) Error() string { return r.text }
func (r renamed) Unwrap() error { return r.err }

func rename(err error) error {
	text := strings.TrimPrefix(err.Error(), "invalid configuration: ")
	return renamed{text: names.Replace(text), err: err}
}

// KeyOf returns the setting that an error of [Settings.Config] begins with, or
// nothing.
func KeyOf(err error) string {
	if err == nil {
		return ""
	}
	var r renamed
	text := err.Error()
	if errors.As(err, &r) {
		text = r.text
	}
	for _, key := range Keys() {
		if rest, ok := strings.CutPrefix(text, key); ok && (rest == "" || !isWord(rest[0])) {
			return key
		}
	}
	return ""
}

func isWord(b byte) bool { return b == '-' || 'a' <= b && b <= 'z' || '0' <= b && b <= '9' }
