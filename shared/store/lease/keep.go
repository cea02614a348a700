package lease

import (
	"context"
	"errors"
	"time"
)

// Keep renews the lease every 7 s until stop is called. The context that it returns ends when the
// lease is lost or could not be renewed before its end. The cause is then ErrClaimed.
func (cl *Claim) Keep(ctx context.Context) (kept context.Context, stop func()) {
	kept, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(cl.leases.RenewEvery)
		defer tick.Stop()
		for {
			select {
			case <-kept.Done():
				return
			case <-tick.C:
			}
			if !cl.keep(kept, cancel) {
				return
			}
		}
	}()
	return kept, func() {
		cancel(context.Canceled)
		<-ended
	}
}

// keep renews once and reports whether to go on.
func (cl *Claim) keep(ctx context.Context, cancel context.CancelCauseFunc) bool {
	err := cl.Renew(ctx)
	cl.mu.Lock()
	defer cl.mu.Unlock()
	switch {
	case cl.ended:
		return false
	case err == nil, !errors.Is(err, ErrClaimed) && cl.lease.Live(cl.leases.Clocks.Wall()):
		return true
	}
	cancel(ErrClaimed)
	return false
}
