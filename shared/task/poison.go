package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// died is the outcome of a task whose work was begun again and again and never came to an end.
var died = dsr.Outcome{
	Code:   dsr.OutcomeFailed,
	Reason: "The work was begun ten times and never came to an end. Look at the logs of these invocations, then retry.",
}

// Poison handles a message that failed as often as the host allows. If the task's own row shows as
// many claims, the task is what fails: it ends as failed and can be retried. Otherwise the storage
// failed, and the wake of the request brings another try.
func (r *Runner) Poison(ctx context.Context, m queue.Message) error {
	if m.Request == "" {
		return nil // An import or a shard: their own wakes bring them back.
	}
	c, err := r.load(ctx, m)
	if err != nil || c == nil {
		return err
	}
	id := dsr.TaskID(m.Task)
	i := slices.IndexFunc(c.Workable(), func(t *dsr.Task) bool { return t.ID == id })
	if i < 0 {
		r.ignoreTask(ctx, c, id)
		return nil
	}
	if err := c.ReadTasks(ctx, id); err != nil {
		return err
	}
	t := c.Workable()[i]
	r.Log.ErrorContext(ctx, "message poisoned", "code", "poison", "tenant", m.Tenant, "request", m.Request, "task", m.Task, "claims", t.Claim.Count)
	if t.Claim.Count < maxAttempts {
		wakes := map[retention.WakeKind]time.Time{retention.WakeRedeliver: r.Clocks.Wall().Add(Redeliver)}
		err := r.Store.Commit(ctx, c, store.Change{Wakes: wakes})
		if errors.Is(err, store.ErrConflict) {
			return nil // Somebody changed the request, and with it its wake.
		}
		return err
	}
	cl, err := r.Store.Claim(ctx, c, id, uuid.NewString())
	if errors.Is(err, store.ErrClaimed) {
		// Most likely this is the claim of the last attempt, which died. The message comes back
		// when the claim is over.
		return fmt.Errorf("task: poisoned task %s is claimed: %w", id, err)
	}
	if err != nil {
		return err
	}
	_, err = r.End(ctx, c, End{Task: id, Claim: cl, By: dsr.StepPoison.By(), Outcome: died})
	return claimedElsewhere(err)
}
