// Package discover finds the data subject in one system.
package discover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// Options are what the step is made of. All are needed but Patience.
type Options struct {
	Store      *store.Store
	Connectors connector.Connectors
	Tokens     *pii.Tokens // for the keyed hashes of queries
	Clocks     clock.Clocks
	Patience   time.Duration // for pauses between attempts within one invocation
}

// Step is the discovery of data subjects.
type Step struct{ Options }

// New returns the step, or an error if an option is missing.
func New(o Options) (*Step, error) {
	if o.Store == nil || o.Connectors == nil || o.Tokens == nil || o.Clocks.Business == nil {
		return nil, errors.New("discover: a store, connectors, tokens and the business clock are needed")
	}
	return &Step{o}, nil
}

// Name is the step's name.
func (s *Step) Name() dsr.Step { return dsr.StepDiscover }

// Do asks the system for the data subject, and stores what it finds, sealed.
func (s *Step) Do(ctx context.Context, w task.Work) (task.End, error) {
	var end task.End
	c, system := w.Case, w.Task.System
	p, err := c.Private(ctx)
	if err != nil {
		return end, err
	}
	conn, err := s.Connectors.Connector(c.Tenant, system)
	if err != nil {
		return end, err
	}
	d, ok := conn.(connector.Discoverer)
	if !ok {
		return end, fmt.Errorf("discover: %s has a discovery task but cannot discover", system)
	}
	calls, stop := w.Time.Calls(ctx)
	defer stop()
	found, err := d.Discover(connector.WithPatience(calls, s.Patience), connector.Lookup{Subject: p.Subject})
	if err != nil && budget.Ended(calls) {
		err = budget.ErrUsedUp // whatever the system made of the end of its time
	}
	if err != nil {
		return end, err
	}
	at := clock.Stored(s.Clocks.Business())
	for _, a := range found.Asked {
		end.Queries = append(end.Queries, dsr.Query{Hash: connector.HashQuery(s.Tokens, c.Tenant, a.Query), Permission: a.Permission, At: at, Records: a.Records})
	}
	end.Candidates = found.Candidates
	end.Outcome = outcome(found)
	if len(found.Findings) > 0 {
		end.Findings, err = c.KeepFindings(ctx, system, uuid.NewString(), found.Findings)
	}
	return end, err
}

// outcome returns how a discovery ended. An incomplete answer is partial, or failed when
// nothing was found: "no right to see" is never "no data".
func outcome(d connector.Discovery) dsr.Outcome {
	switch {
	case d.Reason != "" && len(d.Findings) == 0 && len(d.Candidates) == 0:
		return dsr.Outcome{Code: dsr.OutcomeFailed, Reason: d.Reason}
	case d.Reason != "":
		return dsr.Outcome{Code: dsr.OutcomePartial, Reason: d.Reason}
	case len(d.Findings) == 0 && len(d.Candidates) == 0:
		return dsr.Outcome{Code: dsr.OutcomeNothingFound}
	}
	return dsr.Outcome{Code: dsr.OutcomeDone}
}
