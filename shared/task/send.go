package task

import (
	"context"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Send puts a message on its lane for every task that a worker could do now, that nobody has
// claimed and that does not rest. A received request without such a task gets a message of its own,
// which starts it. A message that cannot be sent is no error: the wake of the request sends it a
// minute later.
func (r *Runner) Send(ctx context.Context, req *dsr.Request) error {
	wall := r.Clocks.Wall()
	workable := req.Workable()
	for _, t := range workable {
		if t.Claim.Live(wall) || t.Claim.Rests(wall) {
			continue
		}
		r.send(ctx, t.Action.Lane(), queue.Message{Tenant: req.Tenant, Request: req.ID, Task: string(t.ID)})
	}
	if len(workable) == 0 && req.State == dsr.StateReceived {
		r.send(ctx, dsr.LaneWork, queue.Message{Tenant: req.Tenant, Request: req.ID})
	}
	return nil
}

func (r *Runner) send(ctx context.Context, lane dsr.Lane, m queue.Message) {
	if err := r.Store.Queues.Send(ctx, queue.Of(lane), m); err != nil {
		r.Log.WarnContext(ctx, "message not sent; its wake will", "lane", lane, "tenant", m.Tenant, "request", m.Request, "task", m.Task, "error", err)
	}
}

// Next is when the messages of a request are to be sent again, by the wall clock: in a minute, or
// when all that can be worked on has rested. It is zero when a worker can do nothing for it.
func (r *Runner) Next(req *dsr.Request) time.Time {
	wall := r.Clocks.Wall()
	var next time.Time
	for _, t := range req.Workable() {
		due := wall.Add(Redeliver)
		if t.Claim.Rests(wall) {
			due = t.Claim.Until
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if next.IsZero() && req.State == dsr.StateReceived {
		return wall.Add(Redeliver) // It has nothing to discover, and nobody has started it.
	}
	return next
}
