// Package wake sends lost messages again, and pauses while the queues are long.
package wake

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// Step is what the minute timer runs.
type Step struct {
	due      *due.Sweeper
	runner   *task.Runner
	does     due.Handlers
	pressure pressure
}

// New returns the step, or an error if a part is missing.
func New(d *due.Sweeper, r *task.Runner) (*Step, error) {
	if d == nil || r == nil {
		return nil, errors.New("wake: a sweeper and a runner are needed")
	}
	s := &Step{due: d, runner: r}
	s.does = due.Handlers{retention.WakeRedeliver: s.request, retention.WakeBulk: s.bulk}
	return s, s.does.Complete(dsr.StepWake)
}

// Run resends everything that is due. While the queues grow it does nothing.
func (s *Step) Run(ctx context.Context) (due.Result, error) {
	res, err := s.everywhere(ctx)
	s.due.Report(ctx, dsr.StepWake, res)
	return res, err
}

func (s *Step) everywhere(ctx context.Context) (due.Result, error) {
	paused, err := s.pause(ctx)
	if err != nil || paused {
		return due.Result{Rest: paused}, err
	}
	tenants, unread := s.due.EverTenants(ctx)
	res, err := s.due.Each(ctx, dsr.StepWake, tenants, s.does)
	return res, errors.Join(unread, err)
}

// Shard resends what became due in one shard at one time: the requests of a chunk of an import,
// which asks for it with a message.
func (s *Step) Shard(ctx context.Context, m queue.Message) error {
	at := time.UnixMilli(m.Due)
	_, err := s.due.At(ctx, lists.Span{
		Tenant: m.Tenant, Shard: *m.Shard, Job: dsr.StepWake, Clock: retention.WakeRedeliver.Clock(), From: at, Until: at,
	}, due.Handlers{retention.WakeRedeliver: s.request})
	return err
}

// request sends the messages of a request again and sets its next wake.
func (s *Step) request(ctx context.Context, w lists.Wake) error {
	c, err := s.due.Request(ctx, w)
	if err != nil || c == nil {
		return err
	}
	if err := c.ReadTasks(ctx, workable(c)...); err != nil {
		return due.Later(err)
	}
	next := s.runner.Next(&c.Request)
	err = s.due.Store.Commit(ctx, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: next}})
	if errors.Is(err, store.ErrConflict) {
		return nil // Another worker has it, and the wake is still due.
	}
	if err != nil || next.IsZero() {
		return err
	}
	return s.runner.Send(ctx, &c.Request)
}

// workable returns the tasks whose claims say whether they need a message.
func workable(c *store.Case) []dsr.TaskID {
	var ids []dsr.TaskID
	for _, t := range c.Workable() {
		ids = append(ids, t.ID)
	}
	return ids
}

// bulk resends the message for an import that has not ended.
func (s *Step) bulk(ctx context.Context, w lists.Wake) error {
	b, err := s.due.Import(ctx, w)
	if err != nil || b == nil {
		return err
	}
	wall := s.due.Clocks.Wall()
	if b.Claim.Live(wall) {
		return nil // Another worker has it, and the wake is still due.
	}
	if !b.EndedAt.IsZero() {
		return s.due.SetImport(ctx, b, w.Kind, time.Time{})
	}
	if err := s.due.SetImport(ctx, b, w.Kind, wall.Add(task.Redeliver)); err != nil {
		return err
	}
	return s.due.Store.Queues.Send(ctx, queue.Of(dsr.LaneWork), queue.Message{Tenant: b.Tenant, Bulk: b.ID})
}
