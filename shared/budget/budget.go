// Package budget says how long a job may work, when it yields to come back, and when it is ended.
package budget

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// ErrUsedUp says that the time of an invocation is used up. A step returns it when there is more
// to do: what it has done is stored, and the task comes back by a message.
var ErrUsedUp = errors.New("budget: the time of this invocation is used up")

// Budget says what an invocation may do at which wall time since it began. A host ends a job that
// takes longer than its limit, by the process, so every job has ended long before:
//
//	job                         begins          yields between   its calls    ends
//	                            nothing after   two pages after  end after    after
//	discovery                   Next 1m         -                Stop 4m30s   End 5m
//	fulfilment                  Next 1m         Work 4m          Stop 4m30s   End 5m
//	delivery: assembly          Next 1m         Work/2 2m        Stop/2 2m15s End 5m
//	delivery: verification      -               -                Stop 4m30s   End 5m
//	import of a list            Next 1m         -                -            End 5m
//	wake, purge, wakes of       Sweep 45s       -                -            End 5m
//	one shard
//	taking in a list,           -               -                -            End 5m
//	poisoned messages
//
// The times are those of a host that gives a job ten minutes, as host.json does. "Begins nothing
// after" is for the next task of a request, the next chunk of a list, the next wake. "Its calls"
// are those of the system that is read, or of the assembly of a package. After Stop and before End
// the step stores what it has. What is between End and the limit of the host is for a call of the
// storage that does not answer.
type Budget struct {
	Next  time.Duration
	Sweep time.Duration
	Work  time.Duration
	Stop  time.Duration
	End   time.Duration
}

// sweep keeps a sweep under the minute between two runs of its timer.
const sweep = 45 * time.Second

// Of returns the budget on a host that ends a job after a time-out: half of it at most, so that a
// job that stops late is not ended by the host. One that gives less time, such as a function of
// AWS Lambda, gets the same in proportion.
func Of(timeout time.Duration) Budget {
	return Budget{
		Next: timeout / 10, Sweep: min(sweep, timeout/10), Work: timeout * 8 / 20, Stop: timeout * 9 / 20, End: timeout / 2,
	}
}

// Time is what an invocation has of its budget. The zero value never ends.
type Time struct {
	budget Budget
	clocks clock.Clocks
	began  time.Time
}

// Begin begins an invocation. Its time is that of the wall clock.
func (b Budget) Begin(c clock.Clocks) Time { return Time{budget: b, clocks: c, began: c.Wall()} }

// MayBegin reports whether the invocation may still begin something else.
func (t Time) MayBegin() bool {
	return t.clocks.Wall == nil || t.clocks.Wall().Sub(t.began) < t.budget.Next
}

// UsedUp reports whether the invocation is to yield.
func (t Time) UsedUp() bool {
	return t.clocks.Wall != nil && t.clocks.Wall().Sub(t.began) >= t.budget.Work
}

// Half is the first half of the time, for work that is followed by something that takes as long.
func (t Time) Half() Time {
	t.budget.Work, t.budget.Stop = t.budget.Work/2, t.budget.Stop/2
	return t
}

// Calls returns the context of calls that may take long. It ends at Stop, with the cause ErrUsedUp.
func (t Time) Calls(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.clocks.Wall == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, t.budget.Stop-t.clocks.Wall().Sub(t.began), ErrUsedUp)
}

// Ended reports whether the time of Calls ended a context.
func Ended(calls context.Context) bool { return errors.Is(context.Cause(calls), ErrUsedUp) }
