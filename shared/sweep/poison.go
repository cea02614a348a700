package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// died is what a task ends with whose worker never came to an end.
var died = dsr.Outcome{
	Code:   dsr.Failed,
	Reason: "The work was begun ten times and never came to an end. Look at the logs of these invocations, then retry.",
}

// Poison is what becomes of a message that failed as often as the host allows. If the task's own row shows as many claims, the task is
// what fails: it ends as failed and can be retried. Otherwise it was our storage that failed, and the wake stands for another try.
func (s *Sweeper) Poison(ctx context.Context, m store.Message) error {
	if m.Request == "" {
		return nil // an import or a shard: their own wakes bring them back
	}
	c, err := s.Store.Load(ctx, m.Tenant, m.Request)
	if errors.Is(err, store.ErrNotFound) {
		s.Settle.Ignore(ctx, slog.LevelError, task.UnknownRequest, m)
		return nil
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.Workable(), func(t *dsr.Task) bool { return t.ID == dsr.TaskID(m.Task) })
	if i < 0 {
		s.Settle.IgnoreTask(ctx, c, dsr.TaskID(m.Task))
		return nil
	}
	t := c.Workable()[i]
	s.Log.ErrorContext(ctx, "message poisoned", "code", "poison", "tenant", m.Tenant, "request", m.Request, "task", m.Task, "claims", t.Claim.Count)
	if t.Claim.Count < task.MaxAttempts {
		return ignoreConflict(s.Store.Commit(ctx, c, store.Change{
			Wakes: map[store.WakeKind]time.Time{store.WakeRedeliver: s.Wall().Add(task.Redeliver)},
		}))
	}
	cl, err := s.Store.Claim(ctx, c, t.ID, s.NewID())
	if errors.Is(err, store.ErrClaimed) {
		// Most likely the last attempt's, which died with it: the message comes back when that is over.
		return fmt.Errorf("sweep: poisoned task %s is claimed: %w", t.ID, err)
	}
	if err != nil {
		return err
	}
	_, err = s.Settle.Task(ctx, c, task.End{Task: t.ID, Claim: cl, By: "step:poison", Outcome: died})
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	return err
}
