package settle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// MaxAttempts is after how many attempts a task that always meets a fault upstream ends as failed. It can be retried by hand.
const MaxAttempts = 10

// Fault says what becomes of a task whose work met an error. A fault upstream is never a failed invocation: either the task ends as
// failed, with the reason, or its wake is set and the next attempt is made later. What is not a *connector.Fault is our own
// error and comes back as it is.
func (s *Settler) Fault(ctx context.Context, c *store.Case, cl *store.Claim, by string, err error) error {
	if errors.Is(err, store.ErrClaimed) {
		return nil // cancelled, or somebody else's by now
	}
	f := connector.AsFault(err)
	if f == nil {
		return err
	}
	t := c.Task(cl.Task())
	if t == nil {
		return err
	}
	if !f.Retryable() || t.Claim.Faults+1 >= MaxAttempts {
		_, err := s.Task(ctx, c, End{Task: t.ID, Claim: cl, By: by, Outcome: dsr.Outcome{Code: dsr.Failed, Reason: reason(f)}})
		return ended(err)
	}
	s.Log.WarnContext(ctx, "system does not answer; trying again later", "tenant", c.Tenant, "request", c.ID, "task", t.ID, "fault", f.Kind, "status", f.Status)
	due := s.Wall().Add(max(Backoff(t.Claim.Faults), f.RetryAfter))
	if err := s.wake(ctx, c, due); err != nil {
		return err
	}
	return ended(cl.Fault(ctx))
}

// Backoff is the pause after n faults in a row: 1, 2, 4 … 60 minutes.
func Backoff(n int) time.Duration {
	if n > 5 {
		return time.Hour
	}
	return time.Minute << n
}

// wake moves the request's redelivery to a time, unless it is due earlier for another task.
func (s *Settler) wake(ctx context.Context, c *store.Case, due time.Time) error {
	for range conflicts {
		err := s.Store.Commit(ctx, c, store.Change{Wakes: map[store.WakeKind]time.Time{store.WakeRedeliver: due}})
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		if c, err = s.Store.Load(ctx, c.Tenant, c.ID); err != nil {
			return err
		}
	}
	return store.ErrConflict
}

// ended turns "somebody else has it" into success: the work is in other hands.
func ended(err error) error {
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	return err
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
