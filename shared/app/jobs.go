package app

import (
	"context"
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/sweep"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// triggers are the names of the functions with what they do; functions/ has a folder for each.
func (a *App) triggers() error {
	counted, err := telemetry.NewJobs()
	if err != nil {
		return err
	}
	queue := func(name string, run host.Job) host.Trigger {
		return host.Queue(counted.Wrap(name, run))
	}
	timer := func(name string, run host.Job) host.Trigger {
		return host.Timer(counted.Wrap(name, run))
	}
	a.Triggers = map[string]host.Trigger{
		"bulk":          queue("bulk", a.step("receive", a.bulk.Message)),
		"bulk-poison":   queue("bulk-poison", a.bulk.Poison),
		"work":          queue("work", a.message(a.work)),
		"work-poison":   queue("work-poison", a.message(a.sweep.Poison)),
		"fulfil":        queue("fulfil", a.message(a.export)),
		"fulfil-poison": queue("fulfil-poison", a.message(a.sweep.Poison)),
		"wake": timer("wake", a.step("wake", func(ctx context.Context, _ []byte) error {
			res, err := a.sweep.Wakes(ctx)
			return a.swept(ctx, "wake", res, err)
		})),
		"purge": timer("purge", a.step("purge", a.purge)),
	}
	return nil
}

// purge deletes what has reached its end, also of tenants that were taken out of the document.
func (a *App) purge(ctx context.Context, _ []byte) error {
	remembered := a.sweep.Remember(ctx)
	res, err := a.sweep.Purge(ctx)
	tenants, unread := a.sweep.EverTenants(ctx)
	orphans, oerr := a.bulk.Orphans(ctx, tenants)
	res.Done += orphans
	return a.swept(ctx, "purge", res, errors.Join(remembered, err, unread, oerr))
}

func (a *App) swept(ctx context.Context, job string, r sweep.Result, err error) error {
	a.log.InfoContext(ctx, "swept", "job", job, "due", r.Due, "done", r.Done, "failed", r.Failed, "rest", r.Rest)
	return err
}

// message decodes a queue message of ours. What is not one is recorded and ends there: another delivery would not read better.
func (a *App) message(run func(context.Context, store.Message) error) host.Job {
	return func(ctx context.Context, payload []byte) error {
		m, err := store.DecodeMessage(payload)
		if err != nil {
			a.log.ErrorContext(ctx, "message cannot be read", "code", "bad-message", "bytes", len(payload), "error", err)
			telemetry.Ignored(ctx, "bad-message")
			return nil
		}
		return run(ctx, m)
	}
}

// begin writes the line by which an operator, and the end-to-end run, sees what an invocation is at.
func (a *App) begin(ctx context.Context, step string, m store.Message) {
	a.log.InfoContext(ctx, "step", "step", step, "tenant", m.Tenant, "request", m.Request, "task", m.Task, "bulk", m.Bulk)
}

func (a *App) step(name string, run host.Job) host.Job {
	return func(ctx context.Context, payload []byte) error {
		a.begin(ctx, name, store.Message{})
		return run(ctx, payload)
	}
}

// work does what a message on dsr-work names.
func (a *App) work(ctx context.Context, m store.Message) error {
	switch {
	case m.Bulk != "":
		a.begin(ctx, "import", m)
		return a.bulk.Import(ctx, m.Tenant, m.Bulk)
	case m.Shard != nil:
		a.begin(ctx, "sweep", m)
		return a.sweep.Shard(ctx, m.Tenant, *m.Shard)
	case dsr.TaskID(m.Task) == dsr.PackageTask:
		a.begin(ctx, "assemble", m)
		return a.deliver.Run(ctx, m)
	default:
		a.begin(ctx, "discover", m)
		return a.discover.Run(ctx, m)
	}
}

func (a *App) export(ctx context.Context, m store.Message) error {
	a.begin(ctx, "export", m)
	return a.fulfil.Run(ctx, m)
}
