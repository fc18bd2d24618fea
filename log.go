package overseer

import (
	"log/slog"
	"os"
)

// newLogger returns the Logger of a Config, or one on standard error that heeds
// Debug and NoWarn as the older library did.
func newLogger(c Config) *slog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	level := slog.LevelWarn
	switch {
	case c.Debug:
		level = slog.LevelDebug
	case c.NoWarn:
		level = slog.LevelError + 1
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("component", "overseer")
}
