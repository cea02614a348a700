package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/purge"
	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// idleTenants is how many tenants have nothing to do.
const idleTenants = 500

// idleTimers counts what the timers cost when nothing is due: it is paid for ever.
func idleTimers(ctx context.Context, b *bench, storage *azurite.Instance, settings map[string]string) error {
	seen := calls.NewLedger(storage.Endpoints, "idle", false)
	a, err := newApp(ctx, settings, "idle", seen)
	if err != nil {
		return err
	}
	tenants := []string{caller.Contoso}
	for len(tenants) < idleTenants {
		tenants = append(tenants, uuid.NewString())
	}
	if err := a.Store.Lists.Remember(ctx, tenants); err != nil {
		return err
	}
	waker, err := newWake(a)
	if err != nil {
		return err
	}
	d, err := sweeper(a)
	if err != nil {
		return err
	}
	purger, err := purge.New(d)
	if err != nil {
		return err
	}
	for _, timer := range []struct {
		job  dsr.Step
		when string
		run  func(context.Context) (due.Result, error)
	}{{dsr.StepWake, "minute", waker.Run}, {dsr.StepPurge, "hour", purger.Run}} {
		if _, err := seen.Take(); err != nil {
			return err
		}
		began := time.Now()
		if _, err := timer.run(ctx); err != nil {
			return err
		}
		took := time.Since(began)
		page, err := seen.Take()
		if err != nil {
			return err
		}
		clocks := len(retention.Clocks(timer.job))
		each := float64(page.Total) / float64(idleTenants*clocks)
		b.table.Add(report.Line{
			What: fmt.Sprintf("(d) storage calls of %s in an idle %s with %d tenants, for each tenant and clock", timer.job, timer.when, idleTenants),
			Ours: fmt.Sprintf("%.3f", each), Goal: "at most 1.1", Met: report.Judge(each <= 1.1),
		})
		b.table.Note("(d) %s in an idle %s: %d kinds of wake, %d clock, %s; %s in all.",
			timer.job, timer.when, len(retention.Wakes(timer.job)), clocks, page.Text(), took.Round(time.Millisecond))
	}
	return nil
}
