package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// received is the business time at which the requests of the tests come in.
var received = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

const canary = "jane.o'brien+#/@canary.example"

// wakeKinds returns all kinds of wakes.
func wakeKinds() []retention.WakeKind {
	return []retention.WakeKind{retention.WakeRedeliver, retention.WakePackage, retention.WakeParts, retention.WakeBulk, retention.WakeBulkInput, retention.WakeBulkResult}
}

func newTenant() string { return uuid.NewString() }

// draft returns a request for access in one system, with tasks for discovery, access and package.
func draft(tenant, key string) store.Draft { return draftOf(tenant, key, "entra") }

func draftOf(tenant, key string, systems ...string) store.Draft {
	r := dsr.Request{
		Tenant: tenant, Actions: []dsr.Action{dsr.Access}, Regime: dsr.GDPR, Caller: "caller", ReceivedAt: received,
		DueAt: dsr.Due(dsr.GDPR, received), CreatedAt: received.Add(time.Second),
	}
	for _, s := range systems {
		r.Tasks = append(r.Tasks,
			dsr.Task{ID: dsr.NewTaskID(s, dsr.Discover), System: s, Action: dsr.Discover, State: dsr.TaskOpen},
			dsr.Task{ID: dsr.NewTaskID(s, dsr.Access), System: s, Action: dsr.Access, State: dsr.TaskOpen})
	}
	r.Tasks = append(r.Tasks, dsr.Task{ID: dsr.PackageTask, Action: dsr.Deliver, State: dsr.TaskOpen})
	return store.Draft{
		Request: r, Key: key, Body: "hash-of-body", By: "caller",
		Private: dsr.Private{
			Subject: dsr.Subject{Identifiers: []dsr.Identifier{{Kind: dsr.Email, Value: pii.New(canary)}}, Name: pii.New("Jane Canary")},
			Note:    pii.New("note of canary"), Reference: pii.New("reference canary"),
		},
		Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: received.Add(2 * time.Minute)},
	}
}

// withinTheHour moves the clock of a world past the turn of the hour if that is near, so that what
// the test does falls into one hour.
func withinTheHour(w *storetest.World) {
	if now := w.Clock.Now(); now.Minute() >= 50 {
		w.Clock.Advance(time.Duration(61-now.Minute()) * time.Minute)
	}
}

func event(t dsr.EventType) dsr.Event {
	return dsr.Event{Type: t, At: received.Add(time.Hour), By: "step:test"}
}

func ended(id dsr.TaskID, t dsr.EventType, code dsr.OutcomeCode) dsr.Event {
	e := event(t)
	e.Task, e.Outcome = id, &dsr.Outcome{Code: code}
	return e
}

func discovered(system string) dsr.Event {
	return ended(dsr.NewTaskID(system, dsr.Discover), dsr.EventDiscovered, dsr.OutcomeDone)
}

func accessed(system string) dsr.Event {
	return ended(dsr.NewTaskID(system, dsr.Access), dsr.EventTaskEnded, dsr.OutcomeDone)
}

func answered() dsr.Event {
	e := event(dsr.EventAnswered)
	e.Package = &dsr.Package{
		State: dsr.PackageReady, Place: dsr.Place{Container: "packages", Name: "p.zip"},
		Bytes: 1 << 40, SHA256: "00", ExpiresAt: received.AddDate(0, 1, 0),
	}
	return e
}

func create(t testing.TB, s *store.Store, d store.Draft) *store.Case {
	t.Helper()
	made, err := s.Create(context.Background(), d)
	require.NoError(t, err)
	require.False(t, made.Existing)
	return load(t, s, made.Request.Tenant, made.Request.ID)
}

func load(t testing.TB, s *store.Store, tenant, id string) *store.Case {
	t.Helper()
	c, err := s.Load(context.Background(), tenant, id)
	require.NoError(t, err)
	require.NoError(t, c.ReadAllTasks(context.Background()))
	return c
}

// chained checks the history against its hashes and returns the types of its events.
func chained(t testing.TB, s *store.Store, c *store.Case) []dsr.EventType {
	t.Helper()
	h, err := s.History(context.Background(), c.Tenant, c.ID)
	require.NoError(t, err)
	var stored [][]byte
	var types []dsr.EventType
	for _, e := range h {
		stored, types = append(stored, e.Bytes), append(types, e.Event.Type)
	}
	require.NoError(t, dsr.VerifyChain(stored, c.LastHash))
	return types
}

// allWakes reads every wake of a tenant, due or not.
func allWakes(t testing.TB, s *store.Store, tenant string) []lists.Wake {
	t.Helper()
	return storetest.Wakes(t, s, tenant, received.AddDate(50, 0, 0))
}

func listed(t testing.TB, s *store.Store, q lists.Query) []string {
	t.Helper()
	var ids []string
	for pages := 0; ; pages++ {
		require.Less(t, pages, 500, "the list does not end")
		items, next, err := s.Lists.Page(context.Background(), q)
		require.NoError(t, err)
		for _, i := range items {
			ids = append(ids, i.ID)
		}
		if next == "" {
			return ids
		}
		q.Cursor = next
	}
}

// snapshot is all of a request that can be seen from outside, except random values.
type snapshot struct {
	State    dsr.State
	Tasks    []string
	Events   []dsr.EventType
	Wakes    map[retention.WakeKind]time.Time
	Lists    map[string]int
	Email    string
	Package  *dsr.Package
	Missing  int // number of wakes that the head names but that are not stored
	Answered time.Time
}

func snap(t testing.TB, s *store.Store, tenant, id string) snapshot {
	t.Helper()
	c := load(t, s, tenant, id)
	out := snapshot{State: c.State, Events: chained(t, s, c), Wakes: c.Wakes, Package: c.Package, Answered: c.AnsweredAt, Lists: map[string]int{}}
	for _, task := range c.Tasks {
		out.Tasks = append(out.Tasks, fmt.Sprint(task.ID, task.System, task.Action, task.State, task.Outcome, task.Round, task.Claim.Count))
	}
	p, err := c.Private(context.Background())
	require.NoError(t, err)
	out.Email = p.Subject.Of(dsr.Email)[0].Reveal()
	out.Lists["newest"] = len(listed(t, s, lists.Query{Tenants: []string{tenant}}))
	out.Lists["due"] = len(listed(t, s, lists.Query{Tenants: []string{tenant}, DueBefore: received.AddDate(1, 0, 0)}))
	out.Lists["state"] = len(listed(t, s, lists.Query{Tenants: []string{tenant}, State: c.State}))
	for k, at := range c.Wakes {
		ws := storetest.Wakes(t, s, tenant, at)
		if !slices.ContainsFunc(ws, func(w lists.Wake) bool { return w.Kind == k && w.ID == id && w.Due.Equal(at) && w.Shard == c.Shard }) {
			out.Missing++
		}
	}
	return out
}
