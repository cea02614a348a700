package connector

import (
	"context"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// patience is what the calls of one invocation may still spend on pauses.
type patience struct {
	mu   sync.Mutex
	left time.Duration
}

type patienceKey struct{}

// WithPatience lets the calls made under the context wait for a system that is throttled or away:
// d is the sum of the pauses of them all. Without it no call is repeated.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, &patience{left: d})
}

// spend takes a pause from what is left. It takes nothing and returns false when that is too
// little.
func (p *patience) spend(pause time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pause > p.left {
		return false
	}
	p.left -= pause
	return true
}

// The pauses between two tries when the system asks for none: 100 ms, doubled each time up to
// 3.2 s.
const (
	firstPause = 100 * time.Millisecond
	doublings  = 5
)

// Retry makes one call of a system, and makes it again while it ends in a fault that waiting
// may cure and the context's patience lasts. A pause is at least as long as the system asked
// for (Retry-After). A pause that is longer than what is left is not begun: the fault is
// returned, and the step puts the task back for minutes. Each connector wraps its single calls
// in Retry, so that only what failed is asked again; the call must be one that may be repeated.
func Retry(ctx context.Context, call func() error) error {
	p, _ := ctx.Value(patienceKey{}).(*patience)
	for n := 0; ; n++ {
		err := call()
		f := AsFault(err)
		if f == nil || !f.Retryable() || p == nil {
			return err
		}
		pause := max(f.RetryAfter, firstPause<<min(n, doublings))
		if !p.spend(pause) || clock.Sleep(ctx, pause) != nil {
			return err
		}
	}
}
