package task

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Run does the task that a message names, and starts a request that nobody has started. When
// exactly one task follows, it goes on with that one while the budget lasts; several get a message
// each. A task that takes longer than the budget yields and comes back. It is safe to repeat: a
// message for what is over, claimed or not due yet does nothing. The error is one of the product's
// own storage, or of the product itself; faults of a system end or postpone the task.
func (r *Runner) Run(ctx context.Context, m queue.Message) error {
	c, err := r.load(ctx, m)
	if err != nil || c == nil {
		return err
	}
	return r.run(ctx, c, m)
}

// run is Run of a request that is loaded.
func (r *Runner) run(ctx context.Context, c *store.Case, m queue.Message) error {
	id, in := dsr.TaskID(m.Task), r.Budget.Begin(r.Clocks)
	r.ignoreTask(ctx, c, id)
	if c.Task(id) == nil {
		return r.started(ctx, c, id)
	}
	c, cl, err := r.claim(ctx, c, id)
	for err == nil && cl != nil {
		step := r.steps[c.Task(cl.Task()).Action.Step()]
		m.Task = string(cl.Task())
		r.Begin(ctx, step.Name(), m)
		c, cl, err = r.do(ctx, c, cl, step, in)
	}
	return err
}

// started starts a request whose message names no task of it, if nobody has, and sends the messages
// for what is due.
func (r *Runner) started(ctx context.Context, c *store.Case, id dsr.TaskID) error {
	c, err := r.Change(ctx, c, func(c *store.Case) (store.Change, error) { return r.start(c), nil })
	if err != nil || id != "" {
		return err
	}
	return r.Send(ctx, &c.Request)
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
func (r *Runner) start(c *store.Case) store.Change {
	if c.State != dsr.StateReceived {
		return store.Change{}
	}
	return store.Change{Events: []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: r.Clocks.Business(), By: dsr.StepDiscover.By()}}}
}

// do lets a step do a claimed task and commits how it ended. It returns the claim of the one
// task that follows, if there is time to begin it. After a step that tidies up, what
// follows gets a message: tidying takes as long as it takes, and nobody would renew the claim
// meanwhile.
func (r *Runner) do(ctx context.Context, c *store.Case, cl *lease.Claim, step Step, in budget.Time) (*store.Case, *lease.Claim, error) {
	finisher, tidies := step.(Finisher)
	goesOn := !tidies
	work, stop := cl.Keep(ctx)
	defer stop()
	end, err := step.Do(work, Work{Case: c, Claim: cl, Task: *c.Task(cl.Task()), Time: in})
	if errors.Is(context.Cause(work), store.ErrClaimed) {
		// The claim is lost: what the step made of the end of its context does not count.
		return nil, nil, nil
	}
	ended := err == nil
	var next *lease.Claim
	if ended {
		end.Task, end.Claim, end.By = cl.Task(), cl, step.Name().By()
		c, next, err = r.end(ctx, c, end, goesOn && in.MayBegin())
	} else {
		c, next, err = r.restOrFail(ctx, c, failed{cl, step.Name(), end.Progress, err}, goesOn && in.MayBegin())
	}
	if err != nil {
		stop()
		r.release(ctx, cl, err)
		return nil, nil, claimedElsewhere(err)
	}
	if tidies && ended {
		err = finisher.Finish(ctx, c)
	}
	return c, next, err
}
