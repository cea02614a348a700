// Package app wires everything: settings and the document go in; an HTTP handler and the
// triggers' jobs come out.
package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/functionhost"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// retryBudget is how long one invocation waits for a system that does not answer, before it
// puts the task back for minutes.
const retryBudget = 20 * time.Second

// Options are what the wiring takes in addition to the settings and the document.
type Options struct {
	Clocks    clock.Clocks
	Log       *slog.Logger
	Catalogue connector.Catalogue // nil: the product's own
	// Policies see every attempt of a storage call. Tests inject faults with them, benchmarks
	// count.
	Policies []policy.Policy
	Prefix   string // of the names of tables, containers and queues, for tests
	// Timeout is how long the host lets an invocation work. The budgets of all jobs follow from it.
	// 0 means that of the Functions host.
	Timeout time.Duration
	// Ahead is how many new requests at once a process goes on with after it has answered. 0 is for
	// hosts that freeze a process then.
	Ahead int
	// Transport carries the calls to the connectors' systems; nil means http.DefaultTransport.
	// Patience replaces the time for which an invocation waits for a system that does not
	// answer. Both are for tests.
	Transport http.RoundTripper
	Patience  time.Duration
}

// App is Rightsdesk with all its parts connected.
type App struct {
	API      http.Handler
	Triggers map[string]host.Trigger
	Store    *store.Store

	settings   config.Settings
	document   *config.Document
	keys       config.Keys
	tokens     *pii.Tokens
	clocks     clock.Clocks
	log        *slog.Logger
	catalogue  connector.Catalogue
	connectors *connectors
	callers    *auth.Callers
	transport  http.RoundTripper
	patience   time.Duration
	ahead      int
	budget     budget.Budget

	pipeline *pipeline.Pipeline
	bulk     *bulk.Service
}

// New connects all parts and makes the missing tables, containers and queues.
func New(ctx context.Context, s config.Settings, doc *config.Document, o Options) (*App, error) {
	a, err := wire(s, doc, o)
	if err != nil {
		return nil, err
	}
	if err := a.Store.Init(ctx); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	a.remember(ctx)
	return a, nil
}

// wire connects all parts. It makes no network call.
func wire(s config.Settings, doc *config.Document, o Options) (*App, error) {
	a := &App{
		settings: s, document: doc, clocks: o.Clocks, log: o.Log, catalogue: o.Catalogue, transport: o.Transport, patience: cmp.Or(o.Patience, retryBudget),
		ahead: o.Ahead, budget: budget.Of(cmp.Or(o.Timeout, functionhost.Timeout)),
	}
	if a.catalogue == nil {
		a.catalogue = catalog.Entries()
	}
	var err error
	if a.keys, err = s.LoadKeys(); err != nil {
		return nil, err
	}
	if a.tokens, err = pii.NewTokens(a.keys.Tokens...); err != nil {
		return nil, err
	}
	if a.callers, err = auth.NewCallers(doc.Known()); err != nil {
		return nil, err
	}
	if a.Store, err = a.openStore(o); err != nil {
		return nil, err
	}
	a.connectors = newConnectors(a)
	if err := a.connectors.check(); err != nil {
		return nil, err
	}
	if err := a.steps(); err != nil {
		return nil, err
	}
	api, err := a.api()
	if err != nil {
		return nil, err
	}
	a.API = telemetry.HTTP(api)
	return a, a.triggers()
}

// Wait waits until this process works on no request that it took in.
func (a *App) Wait() { a.pipeline.Runner.Wait() }
