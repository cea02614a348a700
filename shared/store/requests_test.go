package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

var bg = context.Background()

func TestCreateTakesThreeCallsAndStoresEverything(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	withinTheHour(w)
	d := draftOf(newTenant(), "k", "entra", "intune")
	d.Request.Systems = []string{"entra", "intune"}
	d.Request.Origin = dsr.Origin{Bulk: "b", Line: 1 << 40}
	d.Request.Dest = "legal"
	made, err := w.Store.Create(bg, d)
	require.NoError(t, err)
	require.False(t, made.Existing)
	require.Equal(t, 3+2, w.Counter.Total(), "the first of the tenant and hour looks for the hour key and makes it")

	w.Counter.Reset()
	c := load(t, w.Store, d.Request.Tenant, made.Request.ID)
	require.Equal(t, 1+len(c.Tasks), w.Counter.Total(), "the head and each task by its key")
	require.Empty(t, cmp.Diff(*made.Request, c.Request), "the answer is what is stored")
	require.Equal(t, dsr.StateReceived, c.State)
	require.Equal(t, d.Wakes, c.Wakes)
	require.Equal(t, w.Store.RequestID("caller", d.Request.Tenant, "k"), c.ID)
	require.True(t, dsr.ValidGUID(c.ID))

	p, err := c.Private(bg)
	require.NoError(t, err)
	require.Equal(t, canary, p.Subject.Of(dsr.Email)[0].Reveal())
	require.Equal(t, "note of canary", p.Note.Reveal())
	w.Counter.Reset()
	_, err = c.Private(bg)
	require.NoError(t, err)
	require.Zero(t, w.Counter.Total(), "the key is read once")

	again, err := w.Store.Create(bg, d)
	require.NoError(t, err)
	require.True(t, again.Existing)
	require.Equal(t, c.Origin, again.Request.Origin)
	require.Equal(t, 1, w.CaseKeys(t), "the second creation removed its key")

	d.Body = "another"
	_, err = w.Store.Create(bg, d)
	require.ErrorIs(t, err, store.ErrIdempotency)
	require.Len(t, w.Rows(t, "lists"), 4)

	w.Counter.Reset()
	_, err = w.Store.Create(bg, draft(d.Request.Tenant, "another"))
	require.NoError(t, err)
	require.Equal(t, 3, w.Counter.Total(), "the hour key is there")
}

func TestOneOfTwentyWritersWins(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	d := draft(newTenant(), "k")
	race := func(do func(i int) error) (won int64) {
		var g sync.WaitGroup
		for i := range 20 {
			g.Go(func() {
				if err := do(i); err == nil {
					atomic.AddInt64(&won, 1)
				} else if !errorsAny(err, store.ErrConflict, store.ErrClaimed) {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		g.Wait()
		return won
	}

	var created atomic.Int64
	race(func(i int) error {
		mine := d
		mine.Wakes = map[retention.WakeKind]time.Time{retention.WakeRedeliver: received.Add(time.Duration(i) * time.Second)}
		made, err := w.Store.Create(bg, mine)
		if err == nil && !made.Existing {
			created.Add(1)
		}
		return err
	})
	require.EqualValues(t, 1, created.Load(), "creations")
	require.Equal(t, 1, w.CaseKeys(t))
	require.Len(t, w.Rows(t, "lists"), 4, "the losers removed their wakes")
	id := w.Store.RequestID("caller", d.Request.Tenant, "k")

	require.EqualValues(t, 1, race(func(i int) error {
		c, err := w.Store.Load(bg, d.Request.Tenant, id)
		if err != nil {
			return err
		}
		_, err = w.Store.Claim(bg, c, "entra-discover", fmt.Sprint("owner", i))
		return err
	}), "claims")

	cases := make([]*store.Case, 20)
	for i := range cases {
		cases[i] = load(t, w.Store, d.Request.Tenant, id)
	}
	require.EqualValues(t, 1, race(func(i int) error {
		return w.Store.Commit(bg, cases[i], store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}})
	}), "commits")
	require.Equal(t, dsr.StateDiscovering, snap(t, w.Store, d.Request.Tenant, id).State)
}

func errorsAny(err error, any ...error) bool {
	for _, a := range any {
		if strings.Contains(fmt.Sprint(err), a.Error()) {
			return true
		}
	}
	return false
}

func TestARequestFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	c := create(t, w.Store, draft(newTenant(), "k"))
	commit := func(ch store.Change) {
		t.Helper()
		require.NoError(t, w.Store.Commit(bg, c, ch))
		require.Empty(t, cmp.Diff(load(t, w.Store, c.Tenant, c.ID).Request, c.Request), "the case is what is stored")
	}
	later := received.Add(time.Hour)
	commit(store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: later}})
	commit(store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: later}})
	require.Equal(t, map[retention.WakeKind]time.Time{retention.WakeRedeliver: later, retention.WakeParts: later}, c.Wakes)
	require.Len(t, allWakes(t, w.Store, c.Tenant), 2, "the old wake is gone")
	e := discovered("entra")
	e.Queries, e.Records, e.Findings = []dsr.Query{{Hash: "h", Permission: "User.Read.All", At: later, Records: 1 << 33}}, 1<<33, &dsr.Found{Sealed: []byte("f")}
	commit(store.Change{Events: []dsr.Event{e}})
	require.Equal(t, dsr.StateFulfilling, c.State, "planned in the same transaction")
	commit(store.Change{Events: []dsr.Event{accessed("entra")}, Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: {}, retention.WakeParts: {}}})
	require.Equal(t, dsr.StateAssembling, c.State)
	commit(store.Change{Events: []dsr.Event{answered()}, Wakes: map[retention.WakeKind]time.Time{retention.WakePackage: received.AddDate(0, 1, 0)}})
	require.Equal(t, dsr.StateCompleted, c.State)
	commit(store.Change{Events: []dsr.Event{event(dsr.EventPackageExpiring)}, Reason: pii.New("because canary said so")})

	require.Equal(t, []dsr.EventType{
		dsr.EventReceived, dsr.EventDiscoveryStarted, dsr.EventDiscovered, dsr.EventPlanned, dsr.EventTaskEnded, dsr.EventTasksEnded,
		dsr.EventAnswered, dsr.EventCompleted, dsr.EventPackageExpiring,
	}, chained(t, w.Store, c))
	h, err := w.Store.History(bg, c.Tenant, c.ID)
	require.NoError(t, err)
	reason, err := h[8].Reason(bg)
	require.NoError(t, err)
	require.Equal(t, "because canary said so", reason.Reveal())
	require.Len(t, w.Rows(t, "lists"), 4, "newest, state, due and one wake")

	for _, table := range []string{"requests", "lists", "keys"} {
		for _, row := range w.Rows(t, table) {
			require.NotContains(t, strings.ToLower(string(row)), "canary", "table %s", table)
			require.NotContains(t, string(row), "Y2FuYXJ5", "base64 of a value in table %s", table)
			requireInt64(t, row)
		}
	}

	bad := w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}})
	var state *dsr.StateError
	require.ErrorAs(t, bad, &state)
	require.Equal(t, int64(9), c.Seq, "a refused change leaves the case alone")
}

// requireInt64 fails if a number is stored in another type than Edm.Int64.
func requireInt64(t *testing.T, stored []byte) {
	t.Helper()
	var props map[string]any
	require.NoError(t, json.Unmarshal(stored, &props))
	for name, v := range props {
		_, number := v.(float64)
		require.False(t, number, "property %s is a number of another type", name)
	}
}

func TestTheLastTwoTasksEndAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	for round := range 5 {
		c := create(t, w.Store, draftOf(newTenant(), fmt.Sprint(round), "entra", "intune"))
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted), discovered("entra"), discovered("intune")}}))
		require.Equal(t, dsr.StateFulfilling, c.State)
		var conflicts atomic.Int64
		var g sync.WaitGroup
		start := make(chan struct{})
		for _, system := range []string{"entra", "intune"} {
			mine := load(t, w.Store, c.Tenant, c.ID)
			cl, err := w.Store.Claim(bg, mine, dsr.NewTaskID(system, dsr.Access), system)
			require.NoError(t, err)
			g.Go(func() {
				<-start
				for {
					err := w.Store.Commit(bg, mine, store.Change{Events: []dsr.Event{accessed(system)}, Claim: cl})
					if err == nil {
						return
					}
					if !errorsAny(err, store.ErrConflict) {
						t.Errorf("%s: %v", system, err)
						return
					}
					conflicts.Add(1)
					if mine, err = w.Store.Load(bg, c.Tenant, c.ID); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		close(start)
		g.Wait()
		got := snap(t, w.Store, c.Tenant, c.ID)
		require.Equal(t, dsr.StateAssembling, got.State)
		require.Equal(t, dsr.EventTasksEnded, got.Events[len(got.Events)-1], "the last task ends the work, once")
		require.Len(t, got.Events, 8)
		require.EqualValues(t, 1, conflicts.Load(), "the slower worker noticed that it was second")
	}
}

func TestLongHistory(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	c := create(t, w.Store, draftOf(newTenant(), "k", "entra", "paper"))
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
	// An event that needs several properties.
	big := discovered("paper")
	for i := range 1800 {
		big.Queries = append(big.Queries, dsr.Query{Hash: fmt.Sprintf("v1-%064d", i), Permission: "User.Read.All", At: received, Records: int64(i)})
	}
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{big}}))
	// More events than one page of a query holds, fifty in each transaction. Retries of a request
	// would need a round each.
	waiting := ended("entra-access", dsr.EventTaskWaiting, dsr.OutcomeManual)
	for range 21 {
		var events []dsr.Event
		for range 50 {
			events = append(events, waiting)
		}
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: events}))
	}
	again := load(t, w.Store, c.Tenant, c.ID)
	require.Len(t, chained(t, w.Store, again), 3+21*50)
	require.Len(t, again.Task("paper-discover").Queries, 1800)
	require.Equal(t, big.Queries, again.Task("paper-discover").Queries)

	huge := discovered("entra")
	for range 8000 {
		huge.Queries = append(huge.Queries, big.Queries[0])
	}
	require.ErrorIs(t, w.Store.Commit(bg, again, store.Change{Events: []dsr.Event{huge}}), store.ErrTooLarge)
}

func TestManyTasks(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	var systems []string
	for i := range 120 {
		systems = append(systems, fmt.Sprintf("system-%03d", i))
	}
	d := draftOf(newTenant(), "k", systems...)
	made, err := w.Store.Create(bg, d)
	require.NoError(t, err)
	require.Equal(t, 3+2, w.Counter.Total(), "with the hour key")
	c := load(t, w.Store, d.Request.Tenant, made.Request.ID)
	require.Len(t, c.Tasks, 241)
	require.Empty(t, cmp.Diff(made.Request.Tasks, c.Tasks))
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))

	late := dsr.NewTaskID("system-119", dsr.Discover)
	cl, err := w.Store.Claim(bg, c, late, "owner")
	require.NoError(t, err, "its first claim stores the row of a task")
	require.Equal(t, 1, load(t, w.Store, c.Tenant, c.ID).Task(late).Claim.Count)
	require.NoError(t, cl.Renew(bg))
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("system-119")}, Claim: cl}))
	require.Equal(t, dsr.TaskEnded, load(t, w.Store, c.Tenant, c.ID).Task(late).State)

	var all []dsr.Event
	for _, s := range systems[:70] {
		all = append(all, discovered(s))
	}
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: all}), "more rows than one transaction holds")
	require.Empty(t, cmp.Diff(c.Request, load(t, w.Store, c.Tenant, c.ID).Request))

	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventCancelled)}}))
	now := load(t, w.Store, c.Tenant, c.ID)
	require.Empty(t, cmp.Diff(c.Request, now.Request))
	for _, task := range now.Tasks {
		require.NotEqual(t, dsr.TaskOpen, task.State, task.ID)
	}
	_, err = w.Store.Claim(bg, now, dsr.NewTaskID("system-110", dsr.Access), "owner")
	require.ErrorIs(t, err, store.ErrClaimed)
	require.NoError(t, w.Store.Commit(bg, now, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: received}}))
	require.Empty(t, cmp.Diff(now.Request, load(t, w.Store, c.Tenant, c.ID).Request))
}

func TestIdentifiersMayBeAnyText(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	weird := []string{"O'Brien", "#", "/", "a|b", "\\", "%2f..", "👩‍👩‍👧", "\x00\x01\t", strings.Repeat("ß", 512), "' or PartitionKey ne '", " ", "null"}
	seen := map[string]bool{}
	for _, v := range weird {
		d := draft(tenant, v)
		d.Request.Caller, d.By = "caller "+strings.ToValidUTF8(strings.ReplaceAll(v, "\x00", ""), ""), v
		d.Private.Subject.Identifiers = []dsr.Identifier{{Kind: dsr.Email, Value: pii.New(v)}}
		d.Private.Note = pii.New(v)
		c := create(t, w.Store, d)
		require.False(t, seen[c.ID], "ids differ")
		seen[c.ID] = true
		p, err := c.Private(bg)
		require.NoError(t, err)
		require.Equal(t, v, p.Subject.Of(dsr.Email)[0].Reveal())
		require.Equal(t, d.Request.Caller, c.Caller)
		again, err := w.Store.Create(bg, d)
		require.NoError(t, err)
		require.True(t, again.Existing)
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventCancelled)}, Reason: pii.New(v)}))
		h, err := w.Store.History(bg, tenant, c.ID)
		require.NoError(t, err)
		reason, err := h[1].Reason(bg)
		require.NoError(t, err)
		require.Equal(t, v, reason.Reveal())
		require.Equal(t, v, h[0].Event.By)

		for _, id := range []string{v, tenant + v, "' or RowKey eq 'h"} {
			_, err = w.Store.Load(bg, tenant, id)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = w.Store.Load(bg, id, c.ID)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = w.Store.History(bg, tenant, id)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = w.Store.Imports.Load(bg, tenant, id)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
	}
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: []string{tenant}, Limit: 5}), len(weird))
	_, err := w.Store.Load(bg, newTenant(), w.Store.RequestID("caller", tenant, "k"))
	require.ErrorIs(t, err, store.ErrNotFound, "another tenant's id")
}

func TestSealedBytesAreBoundToCaseAndUse(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	a := create(t, w.Store, draft(newTenant(), "a"))
	b := create(t, w.Store, draft(a.Tenant, "b"))
	sealed, err := a.Seal(bg, "cursor", []byte("secret"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "secret")
	plain, err := load(t, w.Store, a.Tenant, a.ID).Unseal(bg, "cursor", sealed)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plain))
	_, err = a.Unseal(bg, "reason", sealed)
	require.Error(t, err, "another use")
	_, err = b.Unseal(bg, "cursor", sealed)
	require.Error(t, err, "another case")
	for i := range sealed {
		changed := append([]byte(nil), sealed...)
		changed[i] ^= 1
		_, err = a.Unseal(bg, "cursor", changed)
		require.Error(t, err, "byte %d", i)
	}
	_, err = a.Unseal(bg, "cursor", nil)
	require.Error(t, err)

	_, err = w.Clients.Tables.NewClient(w.Prefix+"keys").DeleteEntity(bg, fmt.Sprintf("%s|%d", a.Tenant, a.Shard), a.KeyID, nil)
	require.NoError(t, err)
	_, err = load(t, w.Store, a.Tenant, a.ID).Private(bg)
	require.ErrorIs(t, err, store.ErrShredded)
	_, err = b.Private(bg)
	require.NoError(t, err)
}

func TestThePrivatePartIsReplaced(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	c := create(t, w.Store, draft(newTenant(), "k"))
	p, err := c.Private(bg)
	require.NoError(t, err)
	for i := range 900 { // more than fits one property
		p.Candidates = append(p.Candidates, dsr.Candidate{System: "entra", ObjectID: fmt.Sprintf("%0100d", i), Matched: []string{dsr.Email}})
	}
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted), event(dsr.EventCandidatesFound)}, Private: &p}))
	got, err := load(t, w.Store, c.Tenant, c.ID).Private(bg)
	require.NoError(t, err)
	require.Equal(t, p.Candidates, got.Candidates)
	require.Equal(t, canary, got.Subject.Of(dsr.Email)[0].Reveal())
}

func TestManyAreMadeTogether(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	var ds []store.Draft
	for i := range 98 {
		d := draft("", fmt.Sprint("line", i))
		d.Request.Origin = dsr.Origin{Bulk: "b", Line: int64(i + 1)}
		ds = append(ds, d)
	}
	ds = append(ds, ds[3]) // the same draft again, as line 99
	ds[98].Request.Origin.Line = 99
	other := ds[4] // the same key with another body
	other.Body = "another"
	ds = append(ds, other)
	got := w.Store.BeginMany(bg, tenant, ds).Finish(bg)
	for i, g := range got[:98] {
		require.NoError(t, g.Err, i)
		require.False(t, g.Existing, i)
		require.EqualValues(t, i+1, g.Request.Origin.Line)
	}
	require.True(t, got[98].Existing)
	require.EqualValues(t, 4, got[98].Request.Origin.Line, "the first line made it")
	require.ErrorIs(t, got[99].Err, store.ErrIdempotency)
	require.Equal(t, 98, w.CaseKeys(t))
	require.Len(t, w.Rows(t, "lists"), 98*4)

	w.Counter.Reset()
	fresh := newTenant()
	for _, g := range w.Store.BeginMany(bg, fresh, ds[:98]).Finish(bg) {
		require.NoError(t, g.Err)
	}
	require.Equal(t, 2+1+4+98, w.Counter.Total(), "two for the hour key, the same for a chunk as for one")
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: []string{fresh}}), 98)

	again := w.Store.BeginMany(bg, fresh, ds[:98]).Finish(bg)
	for _, g := range again {
		require.NoError(t, g.Err)
		require.True(t, g.Existing)
		require.Equal(t, "b", g.Request.Origin.Bulk)
	}
	require.Equal(t, 2*98, w.CaseKeys(t))
	require.Len(t, w.Rows(t, "lists"), 2*98*4)
	c := load(t, w.Store, fresh, again[7].Request.ID)
	p, err := c.Private(bg)
	require.NoError(t, err)
	require.Equal(t, canary, p.Subject.Of(dsr.Email)[0].Reveal())

	bad := draft("", "bad")
	bad.Request.Tasks[0].ID = "no/row"
	mixed := w.Store.BeginMany(bg, tenant, []store.Draft{bad, draft("", "good")}).Finish(bg)
	require.Error(t, mixed[0].Err)
	require.NoError(t, mixed[1].Err)
}
