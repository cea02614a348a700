// Package app wires everything: settings and document in, an HTTP handler and the triggers' jobs out.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/deliver"
	"github.com/rightsdesk/rightsdesk/shared/discover"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/export"
	"github.com/rightsdesk/rightsdesk/shared/fulfil"
	"github.com/rightsdesk/rightsdesk/shared/functionhost"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/settle"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/sweep"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// Options are what the wiring takes beside settings and document.
type Options struct {
	Clocks  Clocks
	Log     *slog.Logger
	Entries []connector.Entry // nil means the catalogue
	// Policies see every try of a storage call: faults in tests, counts in benchmarks.
	Policies []policy.Policy
	Prefix   string // of tables, containers and queues, for tests
	// Transport carries the calls to the connectors' systems, nil means http.DefaultTransport; Patience replaces the time that an invocation
	// waits out a system that does not answer. Both are for tests.
	Transport http.RoundTripper
	Patience  time.Duration
}

// App is a wired Rightsdesk.
type App struct {
	API      http.Handler
	Triggers map[string]functionhost.Trigger
	Store    *store.Store

	settings   config.Settings
	document   *config.Document
	keys       config.Keys
	tokens     *pii.Tokens
	clocks     Clocks
	log        *slog.Logger
	entries    []connector.Entry
	connectors *connectors
	callers    *auth.Callers
	transport  http.RoundTripper
	patience   time.Duration

	settler  *settle.Settler
	discover *discover.Step
	fulfil   *fulfil.Step
	deliver  *deliver.Step
	sweep    *sweep.Sweeper
	bulk     *bulk.Service
}

// sweepBound keeps a sweep well under its period and under the host's limit.
const sweepBound = 45 * time.Second

// retryBudget is how long one invocation waits out a system that does not answer, before it puts the task back for minutes.
const retryBudget = 20 * time.Second

// New wires everything and makes the tables, containers and queues that are missing.
func New(ctx context.Context, s config.Settings, doc *config.Document, o Options) (*App, error) {
	a, err := wire(s, doc, o)
	if err != nil {
		return nil, err
	}
	if err := a.Store.Init(ctx); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return a, nil
}

// wire makes no call.
func wire(s config.Settings, doc *config.Document, o Options) (*App, error) {
	a := &App{
		settings: s, document: doc, clocks: o.Clocks, log: o.Log, entries: o.Entries, transport: o.Transport, patience: cmp.Or(o.Patience, retryBudget),
	}
	if a.entries == nil {
		a.entries = catalog.Entries()
	}
	var err error
	if a.keys, err = s.LoadKeys(); err != nil {
		return nil, err
	}
	if a.tokens, err = tokens(a.keys); err != nil {
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
	a.steps()
	api, err := a.api()
	if err != nil {
		return nil, err
	}
	a.API = telemetry.HTTP(api)
	return a, a.triggers()
}

// steps makes the steps; what they need of the document they get as functions.
func (a *App) steps() {
	now, wall, log := a.clocks.Business, a.clocks.Wall, a.log
	a.settler = &settle.Settler{Store: a.Store, Now: now, Wall: wall, Log: log}
	a.discover = &discover.Step{
		Store: a.Store, Settle: a.settler, Connector: a.connectors.get, Hash: a.hash, Now: now, Budget: a.patience, NewID: uuid.NewString, Log: log,
	}
	a.fulfil = &fulfil.Step{
		Store: a.Store, Settle: a.settler, Connector: a.connectors.get, Formats: a.formats, Hash: a.hash, Now: now, Budget: a.patience,
		NewID: uuid.NewString, Log: log,
	}
	a.deliver = &deliver.Step{
		Store: a.Store, Settle: a.settler, Tenant: a.exportTenant, Descriptors: a.described,
		Retention: a.retention, Destination: a.destination, Now: now, NewID: uuid.NewString, Log: log,
	}
	a.sweep = &sweep.Sweeper{
		Store: a.Store, Settle: a.settler, Tenants: a.tenantIDs, Destination: a.destination, Now: now, Wall: wall, Limit: 500, Bound: sweepBound,
		NewID: uuid.NewString, Log: log,
	}
}

// hash is the keyed token of a query within a tenant: proof that it was asked, and nothing more.
func (a *App) hash(tenant string, query pii.Value) string {
	return a.tokens.Token(tenant, "query", query)
}

func (a *App) tenantIDs() []string {
	var out []string
	for _, t := range a.document.Tenants {
		out = append(out, t.ID)
	}
	return out
}

func (a *App) descriptors() []connector.Descriptor {
	var out []connector.Descriptor
	for _, e := range a.entries {
		out = append(out, e.Descriptor)
	}
	return out
}

// described are the catalogue's systems and those that the tenant declares, for the words of its packages.
func (a *App) described(tenant string) []connector.Descriptor {
	out := a.descriptors()
	t, _ := a.document.Tenant(tenant)
	for _, d := range t.Declared {
		one := connector.Descriptor{System: d.Name, Title: d.Title}
		for _, k := range d.Kinds {
			one.Kinds = append(one.Kinds, connector.Kind{Name: k, Title: k})
		}
		out = append(out, one)
	}
	return out
}

func (a *App) formats(tenant string) []export.Format {
	t, _ := a.document.Tenant(tenant)
	out := []export.Format{}
	for _, f := range t.Package.Formats {
		out = append(out, export.Format(f))
	}
	return out
}

func (a *App) retention(tenant string) time.Duration {
	t, _ := a.document.Tenant(tenant)
	return time.Duration(t.Package.RetentionDays) * 24 * time.Hour
}

func (a *App) exportTenant(id string) (export.Tenant, error) {
	t, ok := a.document.Tenant(id)
	if !ok {
		return export.Tenant{}, fmt.Errorf("tenant %s is not in the document", id)
	}
	return export.Tenant{ID: t.ID, Name: t.Name, Formats: a.formats(id), Statements: statements(t.Statements)}, nil
}

func statements(s config.Statements) export.Statements {
	return export.Statements{
		Purposes: s.Purposes, Categories: s.Categories, Recipients: s.Recipients, Retention: s.Retention, Rights: s.Rights, Sources: s.Sources,
		AutomatedDecisions: s.AutomatedDecisions, SoldOrShared: s.SoldOrShared,
	}
}

// destination is where a tenant's packages of that name go; "" is our own container.
func (a *App) destination(tenant, name string) (store.Ref, error) {
	if name == "" {
		return store.Ref{Container: store.Packages}, nil
	}
	t, _ := a.document.Tenant(tenant)
	d, ok := t.Destination(name)
	if !ok {
		return store.Ref{}, errors.New("the tenant has no destination of that name")
	}
	return store.Ref{Account: d.Account, Container: d.Container}, nil
}

func tokens(k config.Keys) (*pii.Tokens, error) {
	var keys []pii.TokenKey
	for _, t := range k.Tokens {
		keys = append(keys, pii.TokenKey{Version: t.Version, Key: t.Key})
	}
	return pii.NewTokens(keys...)
}

// triggers are the names of the functions with what they do; functions/ has a folder for each.
func (a *App) triggers() error {
	counted, err := telemetry.NewJobs()
	if err != nil {
		return err
	}
	queue := func(name string, run functionhost.Job) functionhost.Trigger {
		return functionhost.Queue(counted.Wrap(name, run))
	}
	timer := func(name string, run functionhost.Job) functionhost.Trigger {
		return functionhost.Timer(counted.Wrap(name, run))
	}
	a.Triggers = map[string]functionhost.Trigger{
		"bulk":          queue("bulk", a.step("receive", a.bulk.Message)),
		"bulk-poison":   queue("bulk-poison", a.bulk.Poison),
		"work":          queue("work", a.message(a.work)),
		"work-poison":   queue("work-poison", a.message(a.sweep.Poison)),
		"export":        queue("export", a.message(a.export)),
		"export-poison": queue("export-poison", a.message(a.sweep.Poison)),
		"wake": timer("wake", a.step("wake", func(ctx context.Context, _ []byte) error {
			res, err := a.sweep.Wakes(ctx)
			return a.swept(ctx, "wake", res, err)
		})),
		"purge": timer("purge", a.step("purge", func(ctx context.Context, _ []byte) error {
			res, err := a.sweep.Purge(ctx)
			orphans, oerr := a.bulk.Orphans(ctx, a.tenantIDs())
			res.Done += orphans
			return a.swept(ctx, "purge", res, errors.Join(err, oerr))
		})),
	}
	return nil
}

func (a *App) swept(ctx context.Context, job string, r sweep.Result, err error) error {
	a.log.InfoContext(ctx, "swept", "job", job, "due", r.Due, "done", r.Done, "failed", r.Failed, "rest", r.Rest)
	return err
}

// message decodes a queue message of ours. What is not one is recorded and ends there: another delivery would not read better.
func (a *App) message(run func(context.Context, store.Message) error) functionhost.Job {
	return func(ctx context.Context, payload []byte) error {
		m, err := store.DecodeMessage(payload)
		if err != nil {
			a.log.ErrorContext(ctx, "message cannot be read", "code", "bad-message", "bytes", len(payload), "error", err)
			return nil
		}
		return run(ctx, m)
	}
}

// begin writes the line by which an operator, and the end-to-end run, sees what an invocation is at.
func (a *App) begin(ctx context.Context, step string, m store.Message) {
	a.log.InfoContext(ctx, "step", "step", step, "tenant", m.Tenant, "request", m.Request, "task", m.Task, "bulk", m.Bulk)
}

func (a *App) step(name string, run functionhost.Job) functionhost.Job {
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

// readDocument reads the YAML document that the settings name.
func readDocument(s config.Settings, systems []string) (*config.Document, error) {
	text, err := os.ReadFile(s.Config)
	if err != nil {
		return nil, fmt.Errorf("RIGHTSDESK_CONFIG: the document cannot be read: %w", err)
	}
	return config.Parse(text, s.World(systems))
}
