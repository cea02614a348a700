package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// MaxAttempts is after how many attempts a task that always meets a fault upstream ends as failed. It can be retried by hand.
const MaxAttempts = 10

// fault says what becomes of a task whose work met an error. A fault upstream is never a failed invocation: either the task ends as
// failed, with the reason, or it rests, and the wake that stands behind every task brings it back. What is not a *connector.Fault is
// our own error and comes back as it is. Faults after which something was handed over are not counted: that is a slow system, not a
// dead one.
func (s *Settler) fault(ctx context.Context, c *store.Case, cl *store.Claim, by string, progress bool, err error) error {
	if errors.Is(err, store.ErrClaimed) {
		return nil // cancelled, or somebody else's by now
	}
	f, t := connector.AsFault(err), c.Task(cl.Task())
	var record *part.RecordError
	faults := t.Claim.Faults + 1
	if progress {
		faults = 1
	}
	switch {
	case ctx.Err() != nil:
		return err // the host ends us: that says nothing about the system
	case errors.As(err, &record):
		return s.fail(ctx, c, cl, by, fmt.Sprintf("%s handed over a record of kind %q that cannot be kept: %s.", t.System, record.Kind, record.Problem))
	case f == nil:
		return err
	case !f.Retryable() || faults >= MaxAttempts:
		return s.fail(ctx, c, cl, by, reason(f))
	}
	rest := max(Backoff(faults-1), f.RetryAfter)
	s.Log.WarnContext(ctx, "system does not answer; trying again later", "tenant", c.Tenant, "request", c.ID, "task", t.ID, "fault", f.Kind, "status", f.Status, "rest", rest)
	return ended(cl.Fault(ctx, faults, s.Wall().Add(rest)))
}

func (s *Settler) fail(ctx context.Context, c *store.Case, cl *store.Claim, by, reason string) error {
	_, err := s.Task(ctx, c, End{Task: cl.Task(), Claim: cl, By: by, Outcome: dsr.Outcome{Code: dsr.Failed, Reason: reason}})
	return ended(err)
}

// Backoff is the pause after n faults in a row: 1, 2, 4 … 60 minutes.
func Backoff(n int) time.Duration {
	if n > 5 {
		return time.Hour
	}
	return time.Minute << n
}

// Next is when the messages of a request are to be sent again: in a minute, or when all that can be worked on has rested; zero when
// nothing can be.
func (s *Settler) Next(r *dsr.Request) time.Time {
	wall := s.Wall()
	var next time.Time
	for _, t := range r.Workable() {
		due := wall.Add(Redeliver)
		if t.Claim.Rests(wall) {
			due = t.Claim.Until
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

func reason(f *connector.Fault) string {
	switch f.Kind {
	case connector.Forbidden:
		return fmt.Sprintf("%s refused access: the permission %s is missing. This says nothing about whether there is data. Grant the permission, then retry.", f.System, f.Permission)
	case connector.Rejected:
		return fmt.Sprintf("%s did not accept the request (HTTP %d %s, its request id %s).", f.System, f.Status, f.Code, f.RequestID)
	default:
		return fmt.Sprintf("%s did not answer in %d attempts (last: %s, HTTP %d). Retry when it is back.", f.System, MaxAttempts, f.Kind, f.Status)
	}
}
