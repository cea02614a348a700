package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Run does the task that a message names, and starts a request that nobody has started. It is safe
// to repeat: a message for what is over, claimed or not due yet does nothing. The error is one of
// the product's own storage, or of the product itself; faults of a system end or postpone the task.
func (r *Runner) Run(ctx context.Context, m queue.Message) error {
	c, err := r.load(ctx, m)
	if err != nil || c == nil {
		return err
	}
	if c.State == dsr.StateReceived {
		if c, err = r.start(ctx, c); err != nil {
			return err
		}
	}
	t := c.Task(dsr.TaskID(m.Task))
	r.ignoreTask(ctx, c, dsr.TaskID(m.Task))
	switch {
	case m.Task == "":
		return r.Send(ctx, &c.Request)
	case t == nil:
		return nil
	}
	step := r.steps[t.Action.Step()]
	if step == nil {
		return fmt.Errorf("task: no step does %s tasks", t.Action)
	}
	r.Begin(ctx, step.Name(), m)
	return r.do(ctx, c, t.ID, step)
}

// Begin writes the line by which an operator sees what an invocation is at.
func (r *Runner) Begin(ctx context.Context, step dsr.Step, m queue.Message) {
	r.Log.InfoContext(ctx, "step", "step", step, "tenant", m.Tenant, "request", m.Request, "task", m.Task, "bulk", m.Bulk)
}

// load reads the request that a message names. A message for a request that does not exist is
// recorded and nil is returned: another delivery would not find the request either.
func (r *Runner) load(ctx context.Context, m queue.Message) (*store.Case, error) {
	c, err := r.Store.Load(ctx, m.Tenant, m.Request)
	if errors.Is(err, store.ErrNotFound) {
		r.ignore(ctx, slog.LevelError, unknownRequest, m)
		return nil, nil
	}
	return c, err
}

// start moves a received request on. A request that has nothing to discover goes on by itself.
func (r *Runner) start(ctx context.Context, c *store.Case) (*store.Case, error) {
	return r.Change(ctx, c, func(c *store.Case) (store.Change, error) {
		if c.State != dsr.StateReceived {
			return store.Change{}, nil
		}
		return store.Change{Events: []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: r.Clocks.Business(), By: dsr.StepDiscover.By()}}}, nil
	})
}

// do claims a task, lets the step do it and commits how it ended.
func (r *Runner) do(ctx context.Context, c *store.Case, id dsr.TaskID, step Step) error {
	c, cl, err := r.claim(ctx, c, id)
	if err != nil || cl == nil {
		return err
	}
	work, stop := cl.Keep(ctx)
	defer stop()
	end, err := step.Do(work, Work{Case: c, Claim: cl, Task: *c.Task(id)})
	switch {
	case errors.Is(context.Cause(work), store.ErrClaimed):
		// The claim is lost: what the step made of the end of its context does not count.
		return nil
	case err != nil:
		err = r.restOrFail(ctx, c, cl, step.Name(), end.Progress, err)
		c = nil
	default:
		end.Task, end.Claim, end.By = id, cl, step.Name().By()
		c, err = r.End(ctx, c, end)
	}
	if err != nil {
		stop()
		r.release(ctx, cl, err)
		return claimedElsewhere(err)
	}
	if f, ok := step.(Finisher); ok && c != nil {
		return f.Finish(ctx, c)
	}
	return nil
}
