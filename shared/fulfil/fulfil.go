// Package fulfil carries out what was asked in one system: it hands over what discovery found
// there.
package fulfil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Options are what the step is made of. All are needed but Patience and PartSize.
type Options struct {
	Store      *store.Store
	Connectors connector.Connectors
	Tenants    tenant.Tenants
	Tokens     *pii.Tokens // for the keyed hashes of queries
	Clocks     clock.Clocks
	Patience   time.Duration // for pauses between attempts within one invocation
	// PartSize is after how many bytes of uncompressed JSON a part is closed. 0 means the
	// default.
	PartSize int
}

// Step is the fulfilment of tasks.
type Step struct{ Options }

// New returns the step, or an error if an option is missing.
func New(o Options) (*Step, error) {
	if o.Store == nil || o.Connectors == nil || len(o.Tenants) == 0 || o.Tokens == nil || o.Clocks.Business == nil {
		return nil, errors.New("fulfil: a store, connectors, tenants, tokens and the business clock are needed")
	}
	return &Step{o}, nil
}

// Name is the step's name.
func (s *Step) Name() dsr.Step { return dsr.StepFulfil }

// Do carries out the task. An action with an effect cannot be carried out yet.
func (s *Step) Do(ctx context.Context, w task.Work) (task.End, error) {
	if w.Task.Action.Leg() != dsr.Copies {
		return task.End{}, fmt.Errorf("fulfil: the action %s cannot be carried out", w.Task.Action)
	}
	return s.export(ctx, w)
}

// export reads the system to the end, from the cursor of the last stored part on, and returns how
// the task ended.
func (s *Step) export(ctx context.Context, w task.Work) (task.End, error) {
	conn, err := s.Connectors.Connector(w.Case.Tenant, w.Task.System)
	if err != nil {
		return task.End{}, err
	}
	e, ok := conn.(connector.Exporter)
	if !ok {
		return task.End{}, fmt.Errorf("fulfil: %s has an %s task but cannot export", w.Task.System, w.Task.Action)
	}
	findings, err := w.Case.Findings(ctx, w.Task.System)
	if err != nil {
		return task.End{}, err
	}
	d := conn.Descriptor()
	a := attempt{
		Work: w, exporter: e, patience: s.Patience,
		scope: connector.Scope{Action: w.Task.Action, Kinds: d.KindsFor(w.Task.Action), Findings: findings},
	}
	for {
		// A superseded sink begins anew. Another worker stored that part first, while it
		// still held the claim. Its part stays, and reading continues from its cursor.
		sink, err := s.sink(w, d, a.scope.Kinds)
		if err != nil {
			return task.End{}, err
		}
		end, err := a.run(ctx, sink)
		if !errors.Is(err, part.ErrSuperseded) {
			return end, err
		}
	}
}

func (s *Step) sink(w task.Work, d connector.Descriptor, kinds []string) (*part.Sink, error) {
	t, _ := s.Tenants.Tenant(w.Case.Tenant)
	return part.New(part.Options{
		Store: s.Store, Case: w.Case,
		Spec:       part.SpecOf(&w.Case.Request, &w.Task),
		Descriptor: d, Kinds: kinds, Formats: t.Package.Formats,
		Tokens: s.Tokens, Claim: w.Claim, Clocks: s.Clocks, PartSize: s.PartSize,
	})
}

// attempt is one try to read a system, from the last stored part on.
type attempt struct {
	task.Work
	exporter connector.Exporter
	scope    connector.Scope
	patience time.Duration
}

// run reads the system until its end or that of the time. The connector waits out short faults.
// What was taken before a longer fault, or before the time was used up, is stored, so that the
// next attempt continues after it.
func (a attempt) run(ctx context.Context, sink *part.Sink) (task.End, error) {
	var end task.End
	cursor, _, err := sink.Resume(ctx)
	if err != nil {
		return end, err
	}
	at := &watched{Sink: sink, ctx: ctx, time: a.Time}
	before := len(a.Claim.Parts())
	calls, stop := a.Time.Calls(ctx)
	defer stop()
	end.Outcome, err = a.exporter.Export(connector.WithPatience(calls, a.patience), a.scope, cursor, at)
	if err != nil {
		if budget.Ended(calls) {
			err = budget.ErrUsedUp // whatever the system made of the end of its time
		}
		// The parts that are recorded are what counts, whatever became of the last one.
		_ = sink.Save(ctx)
		if at.taken && len(a.Claim.Parts()) == before {
			_ = sink.Mark(ctx)
		}
		end.Progress = len(a.Claim.Parts()) > before
		return end, err
	}
	sum, err := sink.Close(ctx)
	end.Queries, end.Records, end.Part, end.Progress = sum.Queries, sum.Records, sum.Last, at.taken
	return end, err
}

// watched is a sink that remembers whether it took anything, and ends the export after the page
// with which the time is used up.
type watched struct {
	connector.Sink
	ctx   context.Context //nolint:containedctx // of the attempt: that of the calls may end while a page is taken
	time  budget.Time
	taken bool
}

// Put takes a page.
func (w *watched) Put(_ context.Context, kind string, records []json.RawMessage, next []byte) error {
	if err := w.Sink.Put(w.ctx, kind, records, next); err != nil {
		return err
	}
	w.taken = true
	if w.time.UsedUp() {
		return budget.ErrUsedUp
	}
	return nil
}
