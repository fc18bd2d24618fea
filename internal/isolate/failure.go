package isolate

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/trust"
)

const (
	maxText    = 4 << 10 // bytes of an error, a remark, a name
	maxRemarks = 16
)

// clip bounds a text that another process may have made up.
func clip(text string) string {
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "")
}

// failure is an error as it is told to the other side; nil for none.
func failure(err error) *handover.Failure {
	if err == nil {
		return nil
	}
	f := &handover.Failure{
		Text:   clip(err.Error()),
		Again:  errors.Is(err, fetcher.ErrAgain),
		NotYet: errors.Is(err, trust.ErrNotYet),
	}
	if later, ok := errors.AsType[*fetcher.RetryAfterError](err); ok {
		f.RetryAfter = &later.After
	}
	return f
}

// failed is the error that the other side has told.
func failed(f *handover.Failure) error {
	if f == nil {
		return nil
	}
	told := *f
	told.Text = clip(f.Text)
	return &toldError{told}
}

// A toldError matches what the error on the other side did, as far as that
// decides something.
type toldError struct{ failure handover.Failure }

func (e *toldError) Error() string { return e.failure.Text }

func (e *toldError) Is(target error) bool {
	return target == fetcher.ErrAgain && e.failure.Again || target == trust.ErrNotYet && e.failure.NotYet
}

// As makes the pause that the source asks for known.
func (e *toldError) As(target any) bool {
	later, ok := target.(**fetcher.RetryAfterError)
	if !ok || e.failure.RetryAfter == nil {
		return false
	}
	*later = &fetcher.RetryAfterError{After: *e.failure.RetryAfter, Err: errors.New(e.failure.Text)}
	return true
}
