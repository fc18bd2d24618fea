package overseer

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
)

// newLogger returns the Logger of a Config, or one on standard error that heeds
// Debug and NoWarn as the older library did. Its level can be set while it runs.
func newLogger(c Config) *slog.Logger {
	if c.Logger != nil {
		return slog.New(leveled{c.Logger.Handler(), &logLevel})
	}
	level := slog.LevelWarn
	switch {
	case c.Debug:
		level = slog.LevelDebug
	case c.NoWarn:
		level = slog.LevelError + 1
	}
	handler := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})
	return slog.New(leveled{handler, &logLevel}).With("component", "overseer")
}

// logLevel is the level of this process, once an operator has set one.
var logLevel levelSwitch

// A levelSwitch overrules the level of a handler. The zero value does not.
type levelSwitch struct{ set atomic.Pointer[slog.Level] }

// Set overrules it from here on.
func (s *levelSwitch) Set(l slog.Level) { s.set.Store(&l) }

// restore is Set by the name that an earlier image of this process had set.
func (s *levelSwitch) restore(name string) {
	var l slog.Level
	if name != "" && l.UnmarshalText([]byte(name)) == nil {
		s.Set(l)
	}
}

// leveled is a handler whose level can be overruled. A handler's Handle takes what
// its Enabled would have refused.
type leveled struct {
	slog.Handler
	level *levelSwitch
}

func (h leveled) Enabled(ctx context.Context, l slog.Level) bool {
	if set := h.level.set.Load(); set != nil {
		return l >= *set
	}
	return h.Handler.Enabled(ctx, l)
}

func (h leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{h.Handler.WithAttrs(attrs), h.level}
}

func (h leveled) WithGroup(name string) slog.Handler {
	return leveled{h.Handler.WithGroup(name), h.level}
}

// A logLevelOf shows the level of a log, and sets it.
type logLevelOf struct {
	log *slog.Logger
	*levelSwitch
}

// Name is the lowest level that the log takes.
func (l logLevelOf) Name() string {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if l.log.Enabled(context.Background(), level) {
			return strings.ToLower(level.String())
		}
	}
	return "off"
}
