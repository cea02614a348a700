package task

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// yield ends an invocation whose time is used up and whose task has more to do. What it has done is
// stored, so the claim is released as progress: no rest, and no attempt that counts. The claim is
// released before the message is sent, which would otherwise meet a live claim and be lost. When
// the process dies in between, or the message is lost, the wake of the request brings the task
// back.
func (r *Runner) yield(ctx context.Context, c *store.Case, a failed) error {
	t := c.Task(a.claim.Task())
	r.Log.InfoContext(ctx, "the time of this invocation is used up; the task goes on in another",
		"step", a.by, "tenant", c.Tenant, "request", c.ID, "task", t.ID)
	r.Store.Tidy(ctx, c)
	if err := a.claim.Yield(ctx); err != nil {
		return err
	}
	r.send(ctx, t.Action.Lane(), queue.Message{Tenant: c.Tenant, Request: c.ID, Task: string(t.ID)})
	return nil
}
