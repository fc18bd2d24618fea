package update

import (
	"context"
	"fmt"
)

// call runs foreign code. It returns when that does or ctx ends; a panic is an
// error.
func call[T any](ctx context.Context, what string, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		returned := false
		defer func() {
			if p := recover(); p != nil {
				o.err = fmt.Errorf("%s panicked: %v", what, p)
			} else if !returned {
				o.err = fmt.Errorf("%s ended its goroutine (runtime.Goexit)", what)
			}
			done <- o
		}()
		o.value, o.err = f()
		returned = true
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("%s: %w", what, ctx.Err())
	}
}

// run is call for code without a result.
func run(ctx context.Context, what string, f func() error) error {
	_, err := call(ctx, what, func() (struct{}, error) { return struct{}{}, f() })
	return err
}
