// Package tasktest is a small world for tests of the steps. It has a real store on Azurite with
// faults on demand, clocks that move, systems that do what a test says, and a host that
// delivers messages at least once.
package tasktest

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/alert"
	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Retention is how long the tenant keeps packages.
const Retention = 30 * 24 * time.Hour

// World is one tenant with its store, systems and steps.
type World struct {
	*storetest.World // the steps use its Store, which meets the faults
	T                testing.TB
	Clean            *store.Store     // the same tables, containers and queues, without faults
	Queues           account.Clients  // without faults
	Business         *storetest.Clock // Clock is the wall clock
	// the same in every world, so that hashes of queries can be compared
	Tenant  string
	Tokens  *pii.Tokens
	Tenants tenant.Tenants // the one, as it is configured; tests may change it in place
	Systems map[string]*System

	Steps *pipeline.Pipeline
	Host  *Host
	// Ignored holds the codes of the messages that led to no work.
	Ignored ignored

	log syncBuffer
}

// syncBuffer takes log lines from several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// New makes a world with the named systems.
func New(t testing.TB, systems ...string) *World {
	t.Helper()
	w := &World{World: storetest.New(t), T: t, Business: &storetest.Clock{}, Tenant: "11111111-1111-1111-1111-111111111111", Systems: map[string]*System{}}
	for _, name := range systems {
		w.Systems[name] = newSystem(name)
	}
	w.Tenants = tenant.Tenants{w.contoso()}
	w.Clean = w.Another(t)
	var err error
	w.Queues, err = account.ConnectString(azurite.Shared(t).ConnectionString, account.ClientOptions(nil))
	require.NoError(t, err)
	w.Tokens, err = pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	w.Rewire(func(*pipeline.Options) {})
	w.Host = &Host{w: w}
	return w
}

// Rewire makes the world's steps again with other options, in the same way as the product.
func (w *World) Rewire(change func(*pipeline.Options)) {
	w.T.Helper()
	w.Steps = w.pipeline(w.Store, slog.New(slog.NewTextHandler(&w.log, nil)), change)
}

func (w *World) pipeline(st *store.Store, log *slog.Logger, change func(*pipeline.Options)) *pipeline.Pipeline {
	w.T.Helper()
	o := pipeline.Options{
		Store: st, Tenants: w.Tenants, Catalogue: w.catalogue(), Connectors: w, Tokens: w.Tokens, Clocks: w.Clocks(), Log: log, Counter: &w.Ignored,
		PartSize: 1, Limit: 100, Budget: budget.Of(10 * time.Minute),
	}
	o.Budget.Next = 0 // a test looks at one step after the other
	change(&o)
	p, err := pipeline.New(o)
	require.NoError(w.T, err)
	return p
}

// GoOn lets an invocation go on with what follows, as the product does.
func (w *World) GoOn() { w.Rewire(func(o *pipeline.Options) { o.Budget.Next = time.Minute }) }

// Clocks returns the world's clocks.
func (w *World) Clocks() clock.Clocks {
	return clock.Clocks{Wall: w.Clock.Now, Business: w.Business.Now}
}

// quiet returns a pipeline on the store without faults, without a log.
func (w *World) quiet() *pipeline.Pipeline {
	return w.pipeline(w.Clean, slog.New(slog.DiscardHandler), func(*pipeline.Options) {})
}

// ignored counts the messages that led to no work.
type ignored struct {
	mu    sync.Mutex
	codes []string
}

// Ignored implements task.Counter.
func (i *ignored) Ignored(_ context.Context, reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.codes = append(i.codes, reason)
}

// Alert implements alert.Counter.
func (i *ignored) Alert(ctx context.Context, code alert.Code) { i.Ignored(ctx, "alert: "+string(code)) }

// Codes returns the codes so far.
func (i *ignored) Codes() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.codes)
}

// Connector implements connector.Connectors.
func (w *World) Connector(_, system string) (connector.Connector, error) {
	if s, ok := w.Systems[system]; ok {
		return s, nil
	}
	return nil, connector.ErrNotConfigured
}

func (w *World) contoso() tenant.Tenant {
	one := []string{"None."}
	t := tenant.Tenant{
		ID: w.Tenant, Name: "Contoso", Package: tenant.Package{RetentionDays: int(Retention / (24 * time.Hour)), Formats: []tenant.Format{tenant.CSV}},
		Statements: tenant.Statements{
			Purposes: one, Categories: one, Sources: one, Recipients: one, Retention: one, Rights: one, AutomatedDecisions: one, SoldOrShared: one,
		},
	}
	for _, name := range w.names() {
		t.Systems = append(t.Systems, tenant.Plain(name))
	}
	return t
}

// Destination gives the tenant a destination, a container of the world's own account.
func (w *World) Destination(name, container string) {
	t := &w.Tenants[0]
	t.Destinations = append(t.Destinations, tenant.Destination{Name: name, Container: container})
}

func (w *World) catalogue() connector.Catalogue {
	out := connector.Catalogue{}
	for _, name := range w.names() {
		out = append(out, connector.Entry{Descriptor: w.Systems[name].Descriptor()})
	}
	return out
}

// Log returns the steps' log so far.
func (w *World) Log() string {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	return w.log.b.String()
}

// Submit makes a request for the actions in every system, as intake does, and sends its messages.
func (w *World) Submit(actions ...dsr.Action) string {
	w.T.Helper()
	return w.SubmitWith(func(*dsr.Request) {}, actions...)
}

// SubmitWith is Submit with a change to the request before it is made.
func (w *World) SubmitWith(change func(*dsr.Request), actions ...dsr.Action) string {
	w.T.Helper()
	c := w.make(w.Clean, change, actions)
	require.NoError(w.T, w.quiet().Runner.Send(context.Background(), &c.Request))
	return c.ID
}

// Make makes a request as Submit does, sends nothing, and returns it as the store made it.
func (w *World) Make(actions ...dsr.Action) *store.Case {
	w.T.Helper()
	return w.make(w.Store, func(*dsr.Request) {}, actions)
}

func (w *World) make(st *store.Store, change func(*dsr.Request), actions []dsr.Action) *store.Case {
	w.T.Helper()
	now := w.Business.Now()
	r := dsr.Request{Tenant: w.Tenant, Actions: actions, Regime: dsr.GDPR, Caller: "tester", ReceivedAt: now, DueAt: dsr.Due(dsr.GDPR, now), CreatedAt: now}
	for _, name := range w.names() {
		r.Systems = append(r.Systems, name)
		r.Tasks = append(r.Tasks, dsr.Task{ID: dsr.NewTaskID(name, dsr.Discover), System: name, Action: dsr.Discover, State: dsr.TaskOpen})
		for _, a := range actions {
			r.Tasks = append(r.Tasks, dsr.Task{ID: dsr.NewTaskID(name, a), System: name, Action: a, State: dsr.TaskOpen})
		}
	}
	r.Tasks = append(r.Tasks, dsr.DeliveryTask())
	change(&r)
	made, err := st.Create(context.Background(), store.Draft{
		Request: r, Key: uuid.NewString(), Body: "body", By: "tester",
		Private: dsr.Private{Subject: dsr.Subject{Identifiers: []dsr.Identifier{{Kind: dsr.Email, Value: pii.New(Person)}}}},
		Wakes:   map[retention.WakeKind]time.Time{retention.WakeRedeliver: w.Clock.Now().Add(task.Redeliver)},
	})
	require.NoError(w.T, err)
	return made.Case
}

func (w *World) names() []string {
	return slices.Sorted(maps.Keys(w.Systems))
}

// Forget deletes what the world stored, since a test of many worlds would slow Azurite down for
// the other tests.
func (w *World) Forget() {
	ctx := context.Background()
	var g sync.WaitGroup
	for _, c := range retention.Containers() {
		g.Go(func() { _, _ = w.Queues.Blobs.DeleteContainer(ctx, w.Prefix+c, nil) })
	}
	for _, q := range queue.Names() {
		g.Go(func() { _, _ = w.Queues.Queues.DeleteQueue(ctx, w.Prefix+q, nil) })
	}
	for _, t := range []string{"requests", "lists", "keys"} {
		g.Go(func() { _, _ = w.Queues.Tables.DeleteTable(ctx, w.Prefix+t, nil) })
	}
	g.Wait()
}

// Load reads a request without faults.
func (w *World) Load(id string) *store.Case {
	w.T.Helper()
	c, err := w.Clean.Load(context.Background(), w.Tenant, id)
	if err == nil {
		err = c.ReadAllTasks(context.Background())
	}
	require.NoError(w.T, err)
	return c
}

// Change commits events to a request as a person would, and sends the messages of the tasks
// that can be worked on then.
func (w *World) Change(id string, ch store.Change) *store.Case {
	w.T.Helper()
	c := w.Load(id)
	require.NoError(w.T, w.Clean.Commit(context.Background(), c, ch))
	require.NoError(w.T, w.quiet().Runner.Send(context.Background(), &c.Request))
	return c
}

// Retry opens failed tasks again, as a person does.
func (w *World) Retry(id string) *store.Case {
	w.T.Helper()
	return w.decide(id, func(d *decide.Service, c *store.Case) (*store.Case, error) {
		return d.Retry(context.Background(), c, decide.Who{ID: "tester"}, pii.Value{})
	})
}

// Cancel ends a request, as a person does.
func (w *World) Cancel(id string) *store.Case {
	w.T.Helper()
	return w.decide(id, func(d *decide.Service, c *store.Case) (*store.Case, error) {
		return d.Cancel(context.Background(), c, decide.Who{ID: "tester"}, pii.New("no longer wanted"))
	})
}

func (w *World) decide(id string, do func(*decide.Service, *store.Case) (*store.Case, error)) *store.Case {
	w.T.Helper()
	c, err := do(w.quiet().Decide, w.Load(id))
	require.NoError(w.T, err)
	return c
}
