package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
	"github.com/rightsdesk/rightsdesk/shared/wake"
)

const dueWakes = 100

// benchWakes is part (d).
func benchWakes(ctx context.Context, b *bench) error {
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	few, err := runWakes(ctx, s.storage, s.settings, "few", 1_000)
	if err != nil {
		return err
	}
	stored := b.size(100_000)
	many, err := runWakes(ctx, s.storage, s.settings, "many", stored)
	if err != nil {
		return err
	}
	same := func(what string, x, y int) {
		b.table.Add(report.Line{
			What: fmt.Sprintf("(d) %s of a run of the wake timer, %d due among 1,000 and among %d", what, dueWakes, stored), Ours: fmt.Sprintf("%d and %d", x, y),
			Goal: "the same", Met: report.Judge(x == y),
		})
	}
	same("storage calls", few.Total, many.Total)
	same("rows returned", few.Rows, many.Rows)
	b.table.Add(report.Line{
		What: "(d) time of the run", Ours: fmt.Sprintf("%s and %s", few.took.Round(time.Millisecond), many.took.Round(time.Millisecond)),
	})
	b.table.Note("(d) the calls: %s. Of that time, finding what is due took %s and %s: Azurite scans, which the service does not.", many.Text(),
		few.look.Round(time.Millisecond), many.look.Round(time.Millisecond))
	return idleTimers(ctx, b, s.storage, s.settings)
}

// wakeRun is one run of the wake timer.
type wakeRun struct {
	calls.Page
	took, look time.Duration
}

// runWakes stores due requests and wakes that are not due, runs the timer once and counts.
func runWakes(ctx context.Context, storage *azurite.Instance, settings map[string]string, prefix string, stored int) (wakeRun, error) {
	seen := calls.NewLedger(storage.Endpoints, prefix, false)
	a, err := newApp(ctx, settings, prefix, seen)
	if err != nil {
		return wakeRun{}, err
	}
	began := time.Now()
	if err := storeDue(ctx, a.Store); err != nil {
		return wakeRun{}, err
	}
	if err := storeFuture(ctx, storage.ConnectionString, prefix, stored-dueWakes); err != nil {
		return wakeRun{}, err
	}
	say("%d wakes stored in %s", stored, time.Since(began).Round(time.Second))
	step, err := newWake(a)
	if err != nil {
		return wakeRun{}, err
	}
	began = time.Now()
	due := lists.Span{Tenant: caller.Contoso, Job: dsr.StepWake, Clock: retention.WallClock, Until: wall()}
	if _, err := a.Store.Lists.Due(ctx, due, 500); err != nil {
		return wakeRun{}, err
	}
	out := wakeRun{look: time.Since(began)}
	if _, err := seen.Take(); err != nil {
		return out, err
	}
	began = time.Now()
	res, err := step.Run(ctx)
	out.took = time.Since(began)
	if err != nil {
		return out, err
	}
	if res.Due != dueWakes || res.Done != dueWakes {
		return out, fmt.Errorf("the wake timer found %d due wakes and did %d; %d were stored", res.Due, res.Done, dueWakes)
	}
	out.Page, err = seen.Take()
	return out, err
}

// newWake wires the wake step as in the app, without a bound that a slow machine could meet.
func newWake(a *app.App) (*wake.Step, error) {
	log, clocks := slog.New(slog.DiscardHandler), clock.Clocks{Wall: wall, Business: wall}
	runner, err := task.New(task.Options{Store: a.Store, Clocks: clocks, Log: log, Counter: telemetry.Counter{}})
	if err != nil {
		return nil, err
	}
	d, err := sweeper(a)
	if err != nil {
		return nil, err
	}
	return wake.New(d, runner)
}

// sweeper goes through the wakes of one configured tenant and of those that the store remembers.
func sweeper(a *app.App) (*due.Sweeper, error) {
	return due.New(due.Options{
		Store: a.Store, Clocks: clock.Clocks{Wall: wall, Business: wall}, Log: slog.New(slog.DiscardHandler), Tenants: tenant.Tenants{{ID: caller.Contoso}}, Bound: time.Hour,
	})
}

// storeDue makes requests whose message was lost a minute ago.
func storeDue(ctx context.Context, st *store.Store) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for n := range dueWakes {
		g.Go(func() error {
			_, err := st.Create(ctx, store.Draft{
				Request: dsr.Request{
					Tenant: caller.Contoso, Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR, Caller: "bench", ReceivedAt: wall(), DueAt: wall(), CreatedAt: wall(),
					Tasks: []dsr.Task{
						{ID: "entra-discover", System: "entra", Action: dsr.Discover}, {ID: "entra-export", System: "entra", Action: dsr.Export}, dsr.DeliveryTask(),
					},
				},
				Key: fmt.Sprintf("due-%d", n), By: "bench", Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: wall().Add(-time.Minute)},
			})
			return err
		})
	}
	return g.Wait()
}

// storeFuture stores wakes that are not due, in full transactions.
func storeFuture(ctx context.Context, connection, prefix string, count int) error {
	c, err := account.ConnectString(connection, account.ClientOptions(nil))
	if err != nil {
		return err
	}
	lists := c.Tables.NewClient(prefix + "lists")
	from := wall().Add(time.Hour)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for at := 0; at < count; at += 100 {
		g.Go(func() error {
			var actions []aztables.TransactionAction
			for n := at; n < min(at+100, count); n++ {
				e, err := json.Marshal(aztables.EDMEntity{
					Entity: aztables.Entity{
						PartitionKey: layout.ShardPartition(caller.Contoso, 0),
						RowKey:       layout.RowWake(retention.WakeRedeliver, from.Add(time.Duration(n)*time.Second), uuid.NewString()),
					},
					Properties: map[string]any{"key": uuid.NewString()},
				})
				if err != nil {
					return err
				}
				actions = append(actions, aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: e})
			}
			_, err := lists.SubmitTransaction(ctx, actions, nil)
			return err
		})
	}
	return g.Wait()
}
