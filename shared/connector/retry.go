package connector

import (
	"context"
	"time"
)

// Retry calls try until it succeeds, meets an error that waiting does not cure, or the time is used up: short pauses inside one
// invocation, before the task is put back for minutes. Wait sleeps and returns early with the context's error.
func Retry(ctx context.Context, budget time.Duration, wait func(context.Context, time.Duration) error, try func() error) error {
	var spent time.Duration
	for n := 0; ; n++ {
		err := try()
		f := AsFault(err)
		if err == nil || f == nil || !f.Retryable() {
			return err
		}
		pause := max(f.RetryAfter, 100*time.Millisecond<<min(n, 5))
		if spent += pause; spent > budget {
			return err
		}
		if wait(ctx, pause) != nil {
			return err
		}
	}
}

// Sleep waits for a time or for the end of the context.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
