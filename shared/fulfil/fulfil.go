// Package fulfil carries out one task in one system: it hands over what discovery found there.
package fulfil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// by is how the step signs its events.
const by = "step:fulfil"

// Step is the fulfilment of tasks.
type Step struct {
	Store     *store.Store
	Settle    *task.Settler
	Connector func(tenant, system string) (connector.Connector, error)
	Formats   func(tenant string) []tabular.Format
	Hash      func(tenant string, query pii.Value) string // keyed hash of a query
	Now       func() time.Time
	Budget    time.Duration // of pauses before calls that are made again, within one invocation
	NewID     func() string
	PartSize  int // bytes of uncompressed JSON after which a part is closed; 0 means export's default
	Log       *slog.Logger
}

// Run does the task that a message names, from the cursor of its last stored part on.
func (s *Step) Run(ctx context.Context, m store.Message) error {
	c, err := s.Settle.Load(ctx, m)
	if err != nil || c == nil {
		return err
	}
	_, err = s.Settle.Do(ctx, c, dsr.TaskID(m.Task), task.Work{In: dsr.Fulfilling, By: by, Owner: s.NewID(), Do: s.export})
	return err
}

// export reads the system to the end and returns how the task ended.
func (s *Step) export(ctx context.Context, c *store.Case, cl *store.Claim, t dsr.Task) (task.End, error) {
	var end task.End
	conn, err := s.Connector(c.Tenant, t.System)
	if err != nil {
		return end, err
	}
	e, ok := conn.(connector.Exporter)
	if !ok {
		return end, fmt.Errorf("fulfil: %s has an %s task but cannot export", t.System, t.Action)
	}
	findings, err := task.Findings(ctx, s.Store, c, t.System)
	if err != nil {
		return end, err
	}
	d := conn.Descriptor()
	scope := connector.Scope{Action: t.Action, Kinds: d.KindsFor(t.Action), Findings: findings}
	for {
		end.Outcome, err = s.attempt(ctx, c, cl, t, e, scope, &end)
		if !errors.Is(err, part.ErrSuperseded) {
			return end, err
		}
		// Another worker stored that part first, when it still held the claim: its part counts and its cursor continues.
	}
}

// attempt reads from the last stored part on; the connector waits out short faults. What was taken
// before a longer one is stored, so that the next attempt goes on after it.
func (s *Step) attempt(ctx context.Context, c *store.Case, cl *store.Claim, t dsr.Task, e connector.Exporter, scope connector.Scope, end *task.End) (dsr.Outcome, error) {
	sink := part.NewSink(part.SinkOptions{
		Store: s.Store, Case: c,
		Spec:       part.Spec{Tenant: c.Tenant, Request: c.ID, Round: t.Round, Task: t.ID, System: t.System, Action: t.Action},
		Descriptor: e.(connector.Connector).Descriptor(), Kinds: scope.Kinds, Formats: s.Formats(c.Tenant),
		Hash:  func(q pii.Value) string { return s.Hash(c.Tenant, q) },
		Check: cl.Check, Now: s.Now, PartSize: s.PartSize,
	})
	cursor, _, err := sink.Resume(ctx)
	if err != nil {
		return dsr.Outcome{}, err
	}
	at := &watched{Sink: sink}
	defer func() { end.Progress = at.taken }()
	o, err := e.Export(connector.WithPatience(ctx, s.Budget), scope, cursor, at)
	if err != nil {
		if at.taken = at.taken && cl.Check(ctx) == nil; at.taken {
			_, cerr := sink.Close(ctx)
			at.taken = cerr == nil
		}
		return o, err
	}
	sum, err := sink.Close(ctx)
	if err != nil {
		return o, err
	}
	end.Queries, end.Records = sum.Queries, sum.Records
	return o, nil
}

// watched is a sink that remembers whether it took anything.
type watched struct {
	connector.Sink
	taken bool
}

// Put takes a page.
func (w *watched) Put(ctx context.Context, kind string, records []json.RawMessage, next []byte) error {
	err := w.Sink.Put(ctx, kind, records, next)
	w.taken = w.taken || err == nil
	return err
}
