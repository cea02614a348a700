// Package discover finds the data subject in one system.
package discover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// by is how the step signs its events.
const by = "step:discover"

// Step is the discovery of requests.
type Step struct {
	Store     *store.Store
	Settle    *task.Settler
	Connector func(tenant, system string) (connector.Connector, error)
	Hash      func(tenant string, query pii.Value) string // keyed hash of a query
	Now       func() time.Time
	Budget    time.Duration // of pauses before calls that are made again, within one invocation
	NewID     func() string
	Log       *slog.Logger
}

// Run does the discovery that a message names: it starts the request if nobody has, looks the subject up, and commits what was found.
func (s *Step) Run(ctx context.Context, m store.Message) error {
	c, err := s.start(ctx, m)
	if err != nil || c == nil {
		return err
	}
	_, err = s.Settle.Do(ctx, c, dsr.TaskID(m.Task), task.Work{
		In: dsr.Discovering, By: by, Owner: s.NewID(),
		Do: func(ctx context.Context, c *store.Case, _ *store.Claim, t dsr.Task) (task.End, error) {
			return s.look(ctx, c, t.System)
		},
	})
	return err
}

// start moves a received request on. A request without anything to discover settles at once.
func (s *Step) start(ctx context.Context, m store.Message) (*store.Case, error) {
	for {
		c, err := s.Settle.Load(ctx, m)
		if err != nil || c == nil || c.State != dsr.Received {
			return c, err
		}
		err = s.Store.Commit(ctx, c, store.Change{Events: []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: s.Now(), By: by}}})
		if !errors.Is(err, store.ErrConflict) {
			return c, err
		}
	}
}

// look asks the system, and keeps what it found sealed.
func (s *Step) look(ctx context.Context, c *store.Case, system string) (task.End, error) {
	var end task.End
	p, err := c.Private(ctx)
	if err != nil {
		return end, err
	}
	conn, err := s.Connector(c.Tenant, system)
	if err != nil {
		return end, err
	}
	d, ok := conn.(connector.Discoverer)
	if !ok {
		return end, fmt.Errorf("discover: %s has a discovery task but cannot discover", system)
	}
	found, err := d.Discover(connector.WithPatience(ctx, s.Budget), connector.Lookup{Subject: p.Subject})
	if err != nil {
		return end, err
	}
	at := s.Now().UTC().Truncate(time.Millisecond) // as times are kept
	for _, a := range found.Asked {
		end.Queries = append(end.Queries, dsr.Query{Hash: s.Hash(c.Tenant, a.Query), Permission: a.Permission, At: at, Records: a.Records})
	}
	end.Candidates = found.Candidates
	end.Outcome = outcome(found)
	if len(found.Findings) > 0 {
		end.Findings, err = task.KeepFindings(ctx, s.Store, c, system, s.NewID(), found.Findings)
	}
	return end, err
}

// outcome is the end of a discovery in one word. An answer that is not complete is partial, also when nothing was found: "no right to
// see" is never "no data".
func outcome(d connector.Discovery) dsr.Outcome {
	switch {
	case d.Reason != "" && len(d.Findings) == 0 && len(d.Candidates) == 0:
		return dsr.Outcome{Code: dsr.Failed, Reason: d.Reason}
	case d.Reason != "":
		return dsr.Outcome{Code: dsr.Partial, Reason: d.Reason}
	case len(d.Findings) == 0 && len(d.Candidates) == 0:
		return dsr.Outcome{Code: dsr.NothingFound}
	}
	return dsr.Outcome{Code: dsr.Done}
}
