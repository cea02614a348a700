package clock

import (
	"context"
	"time"
)

// Sleep waits for d of wall time. It ends early with the context's error when the context ends.
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
