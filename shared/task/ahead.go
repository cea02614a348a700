package task

import (
	"context"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// hidden is for how long the message of a request that the process goes on with is not delivered:
// until the claim of a process that died right away is over.
const hidden = lease.Length + 5*time.Second

// Ahead is a new request that the process which took it in may work on as soon as its caller
// has the answer. Its message is on the queue already, hidden, so that another process takes
// over when this one dies. A nil Ahead has nothing to do.
type Ahead struct {
	r       *Runner
	c       *store.Case
	message queue.Message
	receipt queue.Receipt
}

// Accept sends the messages of a new request. When there is just one and a slot is free, the
// message is hidden, and the caller is to call GoOn once it has answered. A message that cannot
// be sent is no error: the request's wake sends it.
func (r *Runner) Accept(ctx context.Context, c *store.Case) (*Ahead, error) {
	var one *dsr.Task
	if open := c.Workable(); len(open) == 1 {
		one = open[0]
	}
	if one == nil || r.steps[one.Action.Step()] == nil || !r.ahead.take(c.Tenant) {
		return nil, r.Send(ctx, &c.Request)
	}
	a := &Ahead{r: r, c: c, message: queue.Message{Tenant: c.Tenant, Request: c.ID, Task: string(one.ID)}}
	var err error
	if a.receipt, err = r.Store.Queues.SendHidden(ctx, queue.Of(one.Action.Lane()), a.message, hidden); err != nil {
		r.Log.WarnContext(ctx, "message not sent; its wake will", "lane", one.Action.Lane(), "tenant", c.Tenant, "request", c.ID, "task", one.ID, "error", err)
	}
	return a, nil
}

// GoOn does in the background what Run does, with the same budget, and then deletes the message.
// After an error the message stays: it is delivered when it is no longer hidden. GoOn is to be
// called once.
func (a *Ahead) GoOn(ctx context.Context) {
	if a == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.r.Budget.End)
	go func() {
		defer a.r.ahead.free(a.c.Tenant)
		defer cancel()
		err := host.Guard(func() error { return a.r.run(ctx, a.c, a.message) })
		if err == nil {
			err = a.r.Store.Queues.Delete(ctx, a.receipt)
		}
		if err != nil {
			a.r.Log.WarnContext(ctx, "work on a new request stopped; its message or its wake brings it back",
				"tenant", a.message.Tenant, "request", a.message.Request, "task", a.message.Task, "error", err)
		}
	}()
}

// Wait waits until no request is worked on by GoOn.
func (r *Runner) Wait() { r.ahead.wait.Wait() }
