package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/functionhost"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// The lengths of the histories that part (h) compares.
const (
	fewEvents  = 10
	manyEvents = 1000
)

// benchSteps is part (h): what each step of a request costs, with a short and with a long history.
func benchSteps(ctx context.Context, b *bench) error {
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	many := b.size(manyEvents)
	short, err := runSteps(ctx, s, "short", fewEvents)
	if err != nil {
		return err
	}
	long, err := runSteps(ctx, s, "long", many)
	if err != nil {
		return err
	}
	if len(short) != len(long) {
		return fmt.Errorf("%d steps with %d events, %d with %d", len(short), fewEvents, len(long), many)
	}
	for i, few := range short {
		b.table.Add(report.Line{
			What: fmt.Sprintf("(h) %s at %d and %d events", few.name, fewEvents, many), Ours: few.String() + "; " + long[i].String(),
			Goal: "the same, no range", Met: report.Judge(few.like(long[i])),
		})
		b.table.Note("(h) the calls of %s at %d events: %s.", few.name, many, long[i].Text())
	}
	b.table.Note("(h) rows are those that reads of tables returned; a range is a query of table requests. Each step is an invocation of its own. The events are people chosen and chosen again, which leave no other trace.")
	return nil
}

// stepCost is what one step cost.
type stepCost struct {
	name string
	calls.Page
}

// ranges is how often the step read a range of requests.
func (c stepCost) ranges() int {
	return c.Counts[calls.Call{Op: calls.Query, Target: layout.TableRequests}.Name()]
}

func (c stepCost) String() string {
	return fmt.Sprintf("calls %d, rows %d, ranges %d", c.Total, c.Rows, c.ranges())
}

// like reports whether two histories cost the same, and neither is read as a range.
func (c stepCost) like(other stepCost) bool {
	return c.Total == other.Total && c.Rows == other.Rows && c.ranges()+other.ranges() == 0
}

// oneByOne runs the steps of one request, one at a time.
type oneByOne struct {
	app   *app.App
	steps *pipeline.Pipeline
	seen  *calls.Ledger
	ahead atomic.Int64 // of both clocks
	costs []stepCost
}

// runSteps makes a request with a history of so many events and does all its steps.
func runSteps(ctx context.Context, s stage, prefix string, events int) ([]stepCost, error) {
	r := &oneByOne{seen: calls.NewLedger(s.storage.Endpoints, prefix, false)}
	if err := r.open(ctx, s, prefix); err != nil {
		return nil, err
	}
	id, err := r.request(ctx, prefix)
	if err != nil {
		return nil, err
	}
	if err := r.grow(ctx, id, events); err != nil {
		return nil, err
	}
	r.ahead.Add(int64(2 * time.Minute))
	if err := r.step(string(dsr.StepWake), func() error { _, err := r.steps.Wake.Run(ctx); return err }); err != nil {
		return nil, err
	}
	for {
		c, err := r.app.Store.Load(ctx, caller.Contoso, id)
		if err != nil {
			return nil, err
		}
		if c.State == dsr.StateCompleted {
			break
		}
		due := c.Workable()
		if len(due) != 1 {
			return nil, fmt.Errorf("a request that is %s has %d tasks to do", c.State, len(due))
		}
		m := queue.Message{Tenant: caller.Contoso, Request: id, Task: string(due[0].ID)}
		if err := r.step(string(due[0].Action.Step()), func() error { return r.steps.Runner.Run(ctx, m) }); err != nil {
			return nil, err
		}
	}
	r.ahead.Add(int64(32 * 24 * time.Hour))
	if err := r.step(string(dsr.StepPurge), func() error { _, err := r.steps.Purge.Run(ctx); return err }); err != nil {
		return nil, err
	}
	c, err := r.app.Store.Load(ctx, caller.Contoso, id)
	if err != nil || c.Package.State != dsr.PackageExpired {
		return nil, fmt.Errorf("the purge left the package: %w", errors.Join(err, errUnfinished))
	}
	return r.costs, nil
}

// step does one step and keeps what it cost.
func (r *oneByOne) step(name string, do func() error) error {
	if _, err := r.seen.Take(); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	page, err := r.seen.Take()
	r.costs = append(r.costs, stepCost{name, page})
	return err
}

// open wires the steps as the app does, but each ends its invocation.
func (r *oneByOne) open(ctx context.Context, s stage, prefix string) (err error) {
	clocks := clock.Same(func() time.Time { return wall().Add(time.Duration(r.ahead.Load())) })
	settings, doc, err := appenv.Load(s.settings)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if r.app, err = app.New(ctx, settings, doc, app.Options{Clocks: clocks, Log: log, Policies: []policy.Policy{r.seen}, Prefix: prefix}); err != nil {
		return err
	}
	entry := catalog.Entries()[0]
	conn, err := entry.New(connector.Settings{
		Tenant: caller.Contoso, Name: entry.Descriptor.System, Endpoint: s.graph, Credential: reader{}, Clocks: clocks, Log: log,
	})
	if err != nil {
		return err
	}
	tokens, err := pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{3}, 32)})
	if err != nil {
		return err
	}
	each := budget.Of(functionhost.Timeout)
	each.Next = 0 // every step has an invocation of its own
	r.steps, err = pipeline.New(pipeline.Options{
		Store: r.app.Store, Tenants: doc.Tenants, Catalogue: catalog.Entries(), Connectors: always{conn}, Tokens: tokens, Clocks: clocks, Log: log,
		Counter: telemetry.Counter{}, Budget: each,
	})
	return err
}

// always finds the same connector.
type always struct{ one connector.Connector }

// Connector implements connector.Connectors.
func (a always) Connector(string, string) (connector.Connector, error) { return a.one, nil }

// request submits jane's request.
func (r *oneByOne) request(ctx context.Context, key string) (string, error) {
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/requests", bytes.NewReader(caller.Jane))
	caller.SetHeaders(req, key)
	rec := httptest.NewRecorder()
	r.app.API.ServeHTTP(rec, req)
	if rec.Code != http.StatusAccepted {
		return "", fmt.Errorf("POST /api/requests answers %d: %s", rec.Code, strings.TrimSpace(rec.Body.String()))
	}
	var answer struct{ ID string }
	return answer.ID, json.Unmarshal(rec.Body.Bytes(), &answer)
}

// grow starts the request and lets a person choose again and again, until it has so many events.
func (r *oneByOne) grow(ctx context.Context, id string, events int) error {
	c, err := r.app.Store.Load(ctx, caller.Contoso, id)
	if err != nil {
		return err
	}
	at := wall()
	next := []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: at, By: "bench"}}
	for c.Seq < int64(events) {
		for len(next) < 80 && c.Seq+int64(len(next)) < int64(events)-1 {
			next = append(next, dsr.Event{Type: dsr.EventCandidatesFound, At: at, By: "bench"}, dsr.Event{Type: dsr.EventDecided, At: at, By: "bench"})
		}
		if len(next) == 0 {
			return nil // an odd one is left over
		}
		if err := r.app.Store.Commit(ctx, c, store.Change{Events: next}); err != nil {
			return err
		}
		next = nil
	}
	return nil
}
