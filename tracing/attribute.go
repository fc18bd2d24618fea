package tracing

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/takeover"
)

// The keys of attributes.
const (
	keyGeneration = attribute.Key("overseer.generation")
	keyRelease    = attribute.Key("overseer.release")
	keyVersion    = attribute.Key("overseer.version")
	keyResult     = attribute.Key("overseer.result")
	keyCause      = attribute.Key("overseer.cause")
	keyReason     = attribute.Key("overseer.reason")
	keyActor      = attribute.Key("overseer.actor")
	keyOutput     = attribute.Key("overseer.output")
	keyPartial    = attribute.Key("overseer.partial")
)

// Bounds of what a span holds.
const (
	maxText  = 4 << 10 // bytes of one attribute
	maxNotes = 64      // events of one span
)

// set gathers attributes that have a value.
type set []attribute.KeyValue

func (s *set) add(key attribute.Key, value string) {
	if value != "" {
		*s = append(*s, key.String(strings.ToValidUTF8(value[:min(len(value), maxText)], "\uFFFD")))
	}
}

// generation has what each span of a takeover says.
func generation(t takeover.Takeover) (all set) {
	if t.Generation != 0 {
		all = append(all, keyGeneration.Int(t.Generation))
	}
	all.add(keyRelease, t.Release)
	all.add(keyVersion, t.Version)
	return all
}

// attributes has what the span of a takeover says at its end.
func attributes(t takeover.Takeover) set {
	all := generation(t)
	all.add(keyResult, string(t.Result))
	if t.Cause != takeover.None {
		all.add(keyCause, string(t.Cause))
	}
	all.add(keyActor, t.Actor)
	all.add(keyReason, t.Reason)
	if t.Reason == "" && t.Asked != nil {
		all.add(keyReason, t.Asked.Reason)
	}
	if t.Partial {
		all = append(all, keyPartial.Bool(true))
	}
	return all
}

// note keeps an event that is about the takeover with its span.
func (w *way) note(e admin.Event) {
	about := e.Generation != 0 && e.Generation == w.is.Generation ||
		e.Generation == 0 && e.Release != "" && e.Release == w.is.Release
	if !about || w.notes == maxNotes {
		return
	}
	w.notes++
	var all set
	all.add(keyReason, e.Reason)
	all.add(keyOutput, e.Output)
	w.root.AddEvent(string(e.Kind), trace.WithTimestamp(e.Time), trace.WithAttributes(all...))
}
