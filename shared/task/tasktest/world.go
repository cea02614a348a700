// Package tasktest is a small world for tests of the steps: a real store on Azurite whose calls can be spoilt, clocks that move,
// systems that do what a test tells them, and a host that delivers messages at least once.
package tasktest

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/deliver"
	"github.com/rightsdesk/rightsdesk/shared/discover"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/fulfil"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/sweep"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// Retention is how long the tenant keeps packages.
const Retention = 30 * 24 * time.Hour

// World is one tenant with its store, systems and steps.
type World struct {
	*storetest.World // Store is what the steps use: it meets the faults
	T                testing.TB
	Clean            *store.Store     // the same tables, containers and queues, without faults
	Queues           store.Clients    // without faults
	Business         *storetest.Clock // Clock is the wall's
	Tenant           string
	Systems          map[string]*System
	Destinations     map[string]store.Ref

	Settle   *task.Settler
	Discover *discover.Step
	Fulfil   *fulfil.Step
	Deliver  *deliver.Step
	Sweep    *sweep.Sweeper
	Host     *Host

	log syncBuffer
}

// syncBuffer takes log lines of several goroutines.
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
	w := &World{World: storetest.New(t), T: t, Business: &storetest.Clock{}, Tenant: uuid.NewString(), Systems: map[string]*System{}}
	for _, name := range systems {
		w.Systems[name] = NewSystem(name)
	}
	w.Destinations = map[string]store.Ref{"": {Container: store.Packages}}
	w.Clean = w.Another(t)
	var err error
	w.Queues, err = store.Connect(azurite.Shared(t).ConnectionString, store.ClientOptions(nil))
	require.NoError(t, err)
	w.wire(w.Store)
	w.Host = &Host{w: w}
	return w
}

// wire makes the steps on a store.
func (w *World) wire(st *store.Store) {
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	now, wall := w.Business.Now, w.Clock.Now
	w.Settle = &task.Settler{Store: st, Now: now, Wall: wall, Log: log}
	w.Discover = &discover.Step{Store: st, Settle: w.Settle, Connector: w.connector, Hash: w.hash, Now: now, NewID: uuid.NewString, Log: log}
	w.Fulfil = &fulfil.Step{
		Store: st, Settle: w.Settle, Connector: w.connector, Formats: func(string) []tabular.Format { return []tabular.Format{tabular.CSV} }, Hash: w.hash,
		Now: now, NewID: uuid.NewString, PartSize: 1, Log: log,
	}
	w.Deliver = &deliver.Step{
		Store: st, Settle: w.Settle, Tenant: w.tenant, Descriptors: w.descriptors, Retention: func(string) time.Duration { return Retention },
		Destination: w.destination, Now: now, NewID: uuid.NewString, Log: log,
	}
	w.Sweep = &sweep.Sweeper{
		Store: st, Settle: w.Settle, Tenants: func() []string { return []string{w.Tenant} }, Destination: w.destination, Now: now, Wall: wall,
		Limit: 100, Bound: 45 * time.Second, NewID: uuid.NewString, Log: log,
	}
}

func (w *World) connector(_, system string) (connector.Connector, error) {
	if s, ok := w.Systems[system]; ok {
		return s, nil
	}
	return nil, &connector.Fault{Kind: connector.Rejected, System: system, Code: "not-in-document"}
}

func (w *World) hash(_ string, q pii.Value) string {
	return "v1-" + dsr.HashEvent([]byte(q.Reveal()))
}

func (w *World) descriptors(string) []connector.Descriptor {
	var out []connector.Descriptor
	for _, s := range w.Systems {
		out = append(out, s.Descriptor())
	}
	return out
}

func (w *World) tenant(id string) (archive.Tenant, error) {
	one := []string{"None."}
	return archive.Tenant{
		ID: id, Name: "Contoso", Formats: []tabular.Format{tabular.CSV},
		Statements: archive.Statements{
			Purposes: one, Categories: one, Sources: one, Recipients: one, Retention: one, Rights: one, AutomatedDecisions: one, SoldOrShared: one,
		},
	}, nil
}

func (w *World) destination(_, name string) (store.Ref, error) {
	if r, ok := w.Destinations[name]; ok {
		return r, nil
	}
	return store.Ref{}, connector.AsFault(&connector.Fault{Kind: connector.Rejected, Code: "no-destination"})
}

// Log is what the steps wrote to their log so far.
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

// SubmitWith is Submit with a change of the request before it is made.
func (w *World) SubmitWith(change func(*dsr.Request), actions ...dsr.Action) string {
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
	r.Tasks = append(r.Tasks, dsr.Taskdsr.DeliveryTask())
	change(&r)
	made, err := w.Clean.Create(context.Background(), store.Draft{
		Request: r, Key: uuid.NewString(), Body: "body", By: "tester",
		Private: dsr.Private{Subject: dsr.Subject{Identifiers: []dsr.Identifier{{Kind: dsr.Email, Value: pii.New(Person)}}}},
		Wakes:   map[store.WakeKind]time.Time{store.WakeRedeliver: w.Clock.Now().Add(task.Redeliver)},
	})
	require.NoError(w.T, err)
	c := w.Load(made.Request.ID)
	require.NoError(w.T, (&task.Settler{Store: w.Clean, Wall: w.Clock.Now, Log: slog.New(slog.DiscardHandler)}).Send(context.Background(), c))
	return c.ID
}

func (w *World) names() []string {
	var out []string
	for _, name := range []string{"alpha", "beta", "gamma"} {
		if w.Systems[name] != nil {
			out = append(out, name)
		}
	}
	require.Len(w.T, out, len(w.Systems), "systems are alpha, beta and gamma")
	return out
}

// Forget deletes what the world stored, so that a test of many worlds does not slow Azurite down for everybody.
func (w *World) Forget() {
	ctx := context.Background()
	var g sync.WaitGroup
	for _, c := range store.Containers {
		g.Go(func() { _, _ = w.Queues.Blobs.DeleteContainer(ctx, w.Prefix+c.Name, nil) })
	}
	for _, q := range store.Queues() {
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
	require.NoError(w.T, err)
	return c
}

// Change commits events to a request as a person would, and sends the messages of what can be worked on then.
func (w *World) Change(id string, ch store.Change) *store.Case {
	w.T.Helper()
	c := w.Load(id)
	require.NoError(w.T, w.Clean.Commit(context.Background(), c, ch))
	s := &task.Settler{Store: w.Clean, Wall: w.Clock.Now, Log: slog.New(slog.DiscardHandler)}
	require.NoError(w.T, s.Send(context.Background(), c))
	return c
}

// Retry opens failed tasks again, as a person does.
func (w *World) Retry(id string) *store.Case {
	w.T.Helper()
	return w.decide(id, func(d *decide.Service, c *store.Case) (*store.Case, error) {
		return d.Retry(context.Background(), c, decide.Who{Name: "tester"}, pii.Value{})
	})
}

// Cancel ends a request, as a person does.
func (w *World) Cancel(id string) *store.Case {
	w.T.Helper()
	return w.decide(id, func(d *decide.Service, c *store.Case) (*store.Case, error) {
		return d.Cancel(context.Background(), c, decide.Who{Name: "tester"}, pii.New("no longer wanted"))
	})
}

func (w *World) decide(id string, do func(*decide.Service, *store.Case) (*store.Case, error)) *store.Case {
	w.T.Helper()
	s := &task.Settler{Store: w.Clean, Now: w.Business.Now, Wall: w.Clock.Now, Log: slog.New(slog.DiscardHandler)}
	c, err := do(&decide.Service{Store: w.Clean, Settle: s, Now: w.Business.Now, Wall: w.Clock.Now}, w.Load(id))
	require.NoError(w.T, err)
	return c
}
