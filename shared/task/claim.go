package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
)

// claim takes the task for this invocation. A nil claim means that there is nothing to do: the
// state of the request is another one by now, the task rests, or somebody else is at work on it.
func (r *Runner) claim(ctx context.Context, c *store.Case, id dsr.TaskID) (*store.Case, *lease.Claim, error) {
	var cl *lease.Claim
	owner := uuid.NewString()
	c, err := r.again(ctx, c, func(c *store.Case) (err error) {
		if c.State == dsr.StateReceived {
			cl, err = r.startAndClaim(ctx, c, id, owner)
			return err
		}
		t := c.Task(id)
		if t != nil && c.State != t.Action.State() {
			return r.Send(ctx, &c.Request) // A late message: what is due now gets one.
		}
		if t == nil || !slices.Contains(c.Workable(), t) {
			return nil
		}
		if err := c.Expect(ctx, id); err != nil || t.Claim.Rests(r.Clocks.Wall()) {
			return err
		}
		cl, err = r.Store.Claim(ctx, c, id, owner)
		return err
	})
	if err != nil {
		return nil, nil, claimedElsewhere(err)
	}
	if cl != nil && r.steps[c.Task(id).Action.Step()] == nil {
		return nil, nil, fmt.Errorf("task: no step does %s tasks", c.Task(id).Action)
	}
	return c, cl, nil
}

// startAndClaim starts a received request and claims the task of it that a message names, both at
// once. What else is due then gets its message.
func (r *Runner) startAndClaim(ctx context.Context, c *store.Case, id dsr.TaskID, owner string) (*lease.Claim, error) {
	ch := r.start(c)
	ch.Packages = r.place(&c.Request)
	after, err := preview(&c.Request, ch.Events)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(after.Workable(), func(t *dsr.Task) bool { return t.ID == id && !t.Claim.Rests(r.Clocks.Wall()) }) {
		ch.Take = store.Take{Task: id, Owner: owner}
	}
	cl, err := r.Store.CommitAndClaim(ctx, c, ch)
	if err == nil && cl == nil {
		err = r.Send(ctx, &c.Request)
	}
	return cl, err
}

// release ends the claim of an attempt that an error of the product's own ended, so that the next
// attempt, or the handling of the poisoned message, does not have to wait for the end of the lease.
// While the product's storage is down the attempt does not count: the task did nothing wrong. When
// the release fails, the claim ends by itself.
func (r *Runner) release(ctx context.Context, cl *lease.Claim, cause error) {
	let := cl.Release
	if failure.Outage(cause) {
		let = cl.GiveBack
	}
	if err := let(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, store.ErrClaimed) {
		r.Log.WarnContext(ctx, "claim not released; it ends by itself", "task", cl.Task(), "error", err)
	}
}

// claimedElsewhere makes a success of store.ErrClaimed: the work is in other hands.
func claimedElsewhere(err error) error {
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	return err
}
