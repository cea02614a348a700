package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/alert"
	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
)

// maxAttempts is after how many attempts a task that always meets a fault of its system ends as
// failed, and how many claims without progress make a poisoned message the task's own fault. A
// failed task can be retried by hand.
const maxAttempts = 10

// restOrFail says what becomes of a task whose step met an error. A task whose system was taken
// out of the tenant's document ends as failed, with an alert. A fault of the system never fails
// the invocation: either the task ends as failed, with the reason, or it rests and its wake
// brings it back. An error that is no *connector.Fault is the product's own and is returned as
// it is. A fault after which something was handed over starts the count anew: the system is slow
// and not dead. An attempt that used up its time yields, and is no fault; one that got nowhere in
// all that time is.
func (r *Runner) restOrFail(ctx context.Context, c *store.Case, a failed, goesOn bool) (*store.Case, *lease.Claim, error) {
	if errors.Is(a.err, store.ErrClaimed) {
		return nil, nil, nil // The task was cancelled, or somebody else has it by now.
	}
	f, t := connector.AsFault(a.err), c.Task(a.claim.Task())
	var record *part.RecordError
	faults := t.Claim.Faults + 1
	if a.progress {
		faults = 1
	}
	if errors.Is(a.err, budget.ErrUsedUp) && !a.progress {
		f = &connector.Fault{Kind: connector.Unavailable, System: t.System, Code: noProgress}
	}
	switch {
	case ctx.Err() != nil:
		return nil, nil, a.err // The host ends the invocation, which says nothing about the system.
	case errors.Is(a.err, budget.ErrUsedUp) && a.progress:
		return c, nil, claimedElsewhere(r.yield(ctx, c, a))
	case errors.As(a.err, &record):
		return r.fail(ctx, c, a, goesOn, fmt.Sprintf("%s handed over a record of kind %q that cannot be kept: %s.", t.System, record.Kind, record.Problem))
	case errors.Is(a.err, connector.ErrNotConfigured):
		r.alerts.Raise(ctx, alert.TaskNotConfigured, "task ends: its tenant has no system of this name",
			"tenant", c.Tenant, "request", c.ID, "task", t.ID, "system", t.System)
		return r.fail(ctx, c, a, goesOn, notConfigured(t.System))
	case f == nil:
		return nil, nil, a.err
	case !f.Retryable() || faults >= maxAttempts:
		return r.fail(ctx, c, a, goesOn, reason(f))
	}
	rest := max(backoff(faults-1), f.RetryAfter)
	r.Log.WarnContext(ctx, "system does not answer; trying again later",
		"tenant", c.Tenant, "request", c.ID, "task", t.ID, "fault", f.Kind, "status", f.Status, "rest", rest)
	r.Store.Tidy(ctx, c)
	return c, nil, claimedElsewhere(a.claim.Fault(ctx, faults, r.Clocks.Wall().Add(rest)))
}

// noProgress is the code of a fault that the product makes of an attempt without progress.
const noProgress = "no-progress"

// failed is an attempt that met an error.
type failed struct {
	claim    *lease.Claim
	by       dsr.Step
	progress bool // something was handed over before
	err      error
}

// fail ends a claimed task as failed.
func (r *Runner) fail(ctx context.Context, c *store.Case, a failed, goesOn bool, reason string) (*store.Case, *lease.Claim, error) {
	return r.end(ctx, c, End{
		Task: a.claim.Task(), Claim: a.claim, By: a.by.By(), Outcome: dsr.Outcome{Code: dsr.OutcomeFailed, Reason: reason},
	}, goesOn)
}

// notConfigured begins with the code by which tools know this reason.
func notConfigured(system string) string {
	return fmt.Sprintf("not-configured: The tenant has no system named %s any more. Put it back into the document under this name, then retry.", system)
}

// backoff is the pause after n faults in a row: 1, 2, 4 … 60 minutes.
func backoff(n int) time.Duration {
	if n > 5 {
		return time.Hour
	}
	return time.Minute << n
}

func reason(f *connector.Fault) string {
	switch {
	case f.Kind == connector.Forbidden:
		return fmt.Sprintf("%s refused access: the permission %s is missing. This says nothing about whether there is data. Grant the permission, then retry.", f.System, f.Permission)
	case f.Kind == connector.Rejected:
		return fmt.Sprintf("%s did not accept the request (HTTP %d %s, its request id %s).", f.System, f.Status, f.Code, f.RequestID)
	case f.Code == noProgress && f.System == "":
		return fmt.Sprintf("The package was not finished: in %d attempts the time ran out before more of it was stored. Retry when the storage is faster.", maxAttempts)
	case f.Code == noProgress:
		return fmt.Sprintf("%s handed over nothing in %d attempts, in each of which the time ran out. Retry when it is faster.", f.System, maxAttempts)
	default:
		return fmt.Sprintf("%s did not answer in %d attempts (last: %s, HTTP %d). Retry when it is back.", f.System, maxAttempts, f.Kind, f.Status)
	}
}
