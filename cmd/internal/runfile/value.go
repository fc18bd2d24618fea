package runfile

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer"
)

// The values that are more than a text each read one from a text.

// A Span is a length of time, as time.ParseDuration has it. The zero Span was
// not set.
type Span struct {
	Time time.Duration
	Set  bool
}

// UnmarshalText reads "30s", "1m30s", "0".
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("time %q: want a form such as 500ms, 30s or 1m30s", text)
	}
	*s = Span{Time: d, Set: true}
	return nil
}

// A Listen is an address, with the name that LISTEN_FDNAMES gives it, or none.
type Listen struct{ Name, Address string }

// UnmarshalText reads ":8080", or "http=:8080". An address may hold an equals
// sign behind a question mark.
func (l *Listen) UnmarshalText(text []byte) error {
	name, address, named := strings.Cut(string(text), "=")
	if !named || strings.ContainsAny(name, ":/?") {
		name, address = "", string(text)
	}
	if address == "" || named && name == "" && strings.HasPrefix(string(text), "=") {
		return fmt.Errorf("address %q: want a form such as :8080, 127.0.0.1:8080, unix:///run/app.sock, or a name before it: http=:8080", text)
	}
	*l = Listen{Name: name, Address: address}
	return nil
}

// Ready says how the program tells that it is ready.
type Ready struct {
	By    overseer.ReadyBy
	After time.Duration
}

// UnmarshalText reads "notify", "probe" or a time.
func (r *Ready) UnmarshalText(text []byte) error {
	switch string(text) {
	case "notify":
		*r = Ready{By: overseer.ReadyByNotify}
		return nil
	case "probe":
		*r = Ready{By: overseer.ReadyByProbe}
		return nil
	}
	var after Span
	if err := after.UnmarshalText(text); err != nil || after.Time == 0 {
		return fmt.Errorf("ready by %q: want notify, probe, or a time such as 2s", text)
	}
	*r = Ready{By: overseer.ReadyByTime, After: after.Time}
	return nil
}

// A Probe is "tcp", or the path of a GET that must be answered by a 2xx.
type Probe struct{ What string }

// UnmarshalText reads "tcp" or "/healthz".
func (p *Probe) UnmarshalText(text []byte) error {
	if s := string(text); s != "tcp" && !strings.HasPrefix(s, "/") {
		return fmt.Errorf("probe %q: want a path such as /healthz, or tcp", text)
	}
	p.What = string(text)
	return nil
}

// Keep says when a program that ended is started again.
type Keep struct{ Alive overseer.KeepAlive }

// UnmarshalText reads "never", "on-failure" or "always".
func (k *Keep) UnmarshalText(text []byte) error {
	for policy, name := range []string{overseer.Never: "never", overseer.OnFailure: "on-failure", overseer.Always: "always"} {
		if string(text) == name {
			k.Alive = overseer.KeepAlive(policy)
			return nil
		}
	}
	return fmt.Errorf("keep alive %q: want never, on-failure or always", text)
}

// A Signal is one of this system; none is nil.
type Signal struct{ os.Signal }

// UnmarshalText reads "SIGTERM" or "TERM".
func (s *Signal) UnmarshalText(text []byte) error {
	name := strings.ToUpper(string(text))
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	sig := signalNamed(name)
	if sig == nil {
		return fmt.Errorf("signal %q: this system has none of that name; want a form such as SIGTERM", text)
	}
	s.Signal = sig
	return nil
}
