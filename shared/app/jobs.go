package app

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// triggers binds the name of each function to its job. functions/ has a folder for each.
func (a *App) triggers() error {
	counted, err := telemetry.NewJobs()
	if err != nil {
		return err
	}
	queue := func(name string, run host.Job) host.Trigger {
		return host.Queue(counted.Wrap(name, run), a.budget.End)
	}
	timer := func(name string, run host.Job) host.Trigger {
		return host.Timer(counted.Wrap(name, run), a.budget.End)
	}
	a.Triggers = map[string]host.Trigger{
		"bulk":          queue("bulk", a.receive),
		"bulk-poison":   queue("bulk-poison", a.bulk.Poison),
		"work":          queue("work", a.message(a.work)),
		"work-poison":   queue("work-poison", a.message(a.pipeline.Runner.Poison)),
		"fulfil":        queue("fulfil", a.message(a.pipeline.Runner.Run)),
		"fulfil-poison": queue("fulfil-poison", a.message(a.pipeline.Runner.Poison)),
		"wake":          timer("wake", a.timed(dsr.StepWake, a.pipeline.Wake.Run)),
		"purge":         timer("purge", a.timed(dsr.StepPurge, a.pipeline.Purge.Run)),
	}
	return nil
}

// timed is the job of a timer. The payload of a timer carries nothing that the job needs.
func (a *App) timed(step dsr.Step, run func(context.Context) (due.Result, error)) host.Job {
	return func(ctx context.Context, _ []byte) error {
		a.pipeline.Runner.Begin(ctx, step, queue.Message{})
		_, err := run(ctx)
		return err
	}
}

// receive takes a producer's message from dsr-bulk.
func (a *App) receive(ctx context.Context, payload []byte) error {
	a.pipeline.Runner.Begin(ctx, dsr.StepBulk, queue.Message{})
	return a.bulk.Message(ctx, payload)
}

// message decodes a message that Rightsdesk sent to itself. It logs one that it cannot read and
// drops it, since another delivery would not read better.
func (a *App) message(run func(context.Context, queue.Message) error) host.Job {
	return func(ctx context.Context, payload []byte) error {
		m, err := queue.DecodeMessage(payload)
		if err != nil {
			a.log.ErrorContext(ctx, "message cannot be read", "code", "bad-message", "bytes", len(payload), "error", err)
			telemetry.Counter{}.Ignored(ctx, "bad-message")
			return nil
		}
		return run(ctx, m)
	}
}

// work does what a message on dsr-work names: a part of an import, the wakes of a chunk, or a
// task.
func (a *App) work(ctx context.Context, m queue.Message) error {
	switch {
	case m.Bulk != "":
		a.pipeline.Runner.Begin(ctx, dsr.StepBulk, m)
		return a.bulk.Import(ctx, m.Tenant, m.Bulk)
	case m.Shard != nil:
		a.pipeline.Runner.Begin(ctx, dsr.StepWake, m)
		return a.pipeline.Wake.Shard(ctx, m)
	default:
		return a.pipeline.Runner.Run(ctx, m)
	}
}
