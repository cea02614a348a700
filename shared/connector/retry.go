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

// WithPatience lets the calls made under the context wait for a system that throttles or does not
// answer. Their pauses together last no longer than d. Without patience no call is made again.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, &patience{left: d})
}

// spend takes a pause from what is left. When that is too little it takes nothing and returns
// false.
func (p *patience) spend(pause time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pause > p.left {
		return false
	}
	p.left -= pause
	return true
}

// When the system asks for no pause, the first one lasts 100 ms and each next one twice as long, up
// to 3.2 s.
const (
	firstPause = 100 * time.Millisecond
	doublings  = 5
)

// Retry makes one call of a system. It makes the call again while the call ends in a fault that
// waiting may cure and the context's patience lasts. A pause is at least as long as the system
// asked for (Retry-After). A pause that is longer than what is left is not begun: the fault is
// returned, and the step puts the task back for minutes.
//
// This is the only retry below a step. Each connector wraps its single calls in it, so that
// only what failed is asked again. The call must be one that may be repeated.
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
