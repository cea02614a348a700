package store_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func TestLists(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	a, b, stranger := newTenant(), newTenant(), newTenant()
	type made struct {
		id       string
		received time.Time
	}
	var all []made
	for i := range 23 {
		d := draft([]string{a, b}[i%2], fmt.Sprint(i))
		d.Request.ReceivedAt = received.Add(time.Duration(i*7919%23) * time.Hour)
		d.Request.DueAt = d.Request.ReceivedAt.AddDate(0, 1, 0)
		c := create(t, w.Store, d)
		all = append(all, made{c.ID, d.Request.ReceivedAt})
		if i%3 == 0 {
			require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
		}
	}
	create(t, w.Store, draft(stranger, "s"))
	ids := func(ms []made) (out []string) {
		for _, m := range ms {
			out = append(out, m.id)
		}
		return out
	}
	oldest := slices.SortedFunc(slices.Values(all), func(x, y made) int { return x.received.Compare(y.received) })
	newest := slices.Clone(oldest)
	slices.Reverse(newest)
	both := []string{a, b}

	for _, limit := range []int{1, 2, 7, 22, 23, 24, 0, 1000} {
		require.Equal(t, ids(newest), listed(t, w.Store, lists.Query{Tenants: both, Limit: limit}), "newest first, %d a page", limit)
	}
	require.Equal(t, ids(oldest), listed(t, w.Store, lists.Query{Tenants: both, Limit: 4, DueBefore: received.AddDate(1, 0, 0)}), "first due first")
	require.Equal(t, ids(oldest[:5]), listed(t, w.Store, lists.Query{Tenants: both, DueBefore: oldest[5].received.AddDate(0, 1, 0)}), "due before, not at")
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: both, State: dsr.StateDiscovering, Limit: 3}), 8)
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: both, State: dsr.StateReceived, Limit: 3}), 15)
	require.Empty(t, listed(t, w.Store, lists.Query{Tenants: both, State: dsr.StateCompleted}))
	require.Less(t, len(listed(t, w.Store, lists.Query{Tenants: both, State: dsr.StateReceived, DueBefore: oldest[11].received.AddDate(0, 1, 0)})), 12)
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: []string{a}}), 12)

	for name, q := range map[string]lists.Query{
		"no tenant":         {},
		"not a tenant":      {Tenants: []string{"' or '1' eq '1"}},
		"not a state":       {Tenants: both, State: "open"},
		"a state with bars": {Tenants: both, State: "received|x"},
		"an ending of all":  {Tenants: both, Ending: dsr.EndingGaps},
		"an ending of none": {Tenants: both, State: dsr.StateWaiting, Ending: dsr.EndingGaps},
		"not an ending":     {Tenants: both, State: dsr.StateCompleted, Ending: "done"},
		"due, with ending":  {Tenants: both, DueBefore: received, Ending: dsr.EndingWhole},
	} {
		_, _, err := w.Store.Lists.Page(bg, q)
		require.ErrorIs(t, err, lists.ErrFilter, name)
	}

	_, next, err := w.Store.Lists.Page(bg, lists.Query{Tenants: both, Limit: 3})
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(next)
	require.NoError(t, err)
	require.NotContains(t, string(raw), a+"|")
	require.NotContains(t, string(raw), b+"|", "a cursor names no partition")
	w.CursorKey = bytes.Repeat([]byte{1}, 32)
	_, _, err = w.Another(t).Lists.Page(bg, lists.Query{Tenants: both, Limit: 3, Cursor: next})
	require.ErrorIs(t, err, lists.ErrCursor, "the cursor was authenticated with another key")
	raw[len(raw)-40] ^= 1
	for name, q := range map[string]lists.Query{
		"another position": {Tenants: both, Cursor: base64.RawURLEncoding.EncodeToString(raw)},
		"another tenant":   {Tenants: []string{stranger}, Cursor: next},
		"fewer tenants":    {Tenants: []string{a}, Cursor: next},
		"another filter":   {Tenants: both, State: dsr.StateReceived, Cursor: next},
		"garbage":          {Tenants: both, Cursor: "!"},
		"short":            {Tenants: both, Cursor: "AAAA"},
		"made up":          {Tenants: both, Cursor: base64.RawURLEncoding.EncodeToString(append(make([]byte, 16), "0000000000000|x"...))},
	} {
		_, _, err := w.Store.Lists.Page(bg, q)
		require.ErrorIs(t, err, lists.ErrCursor, name)
	}
}

// A list of a final state merges the rows of all endings by what is due first.
func TestListsByHowARequestEnded(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: 1}))
	codes := []dsr.OutcomeCode{dsr.OutcomeDone, dsr.OutcomePartial, dsr.OutcomeFailed}
	var all []string
	by := map[dsr.Ending][]string{}
	for i := range 10 {
		d := draft(tenant, fmt.Sprint(i))
		d.Request.DueAt = d.Request.DueAt.Add(time.Duration(i) * time.Minute)
		c := create(t, w.Store, d)
		ends := ended("entra-access", dsr.EventTaskEnded, codes[i%3])
		for _, e := range []dsr.Event{event(dsr.EventDiscoveryStarted), discovered("entra"), ends, answered()} {
			require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{e}}))
		}
		require.Equal(t, dsr.StateCompleted, c.State)
		require.Equal(t, dsr.Endings()[i%3], c.Ending())
		all, by[c.Ending()] = append(all, c.ID), append(by[c.Ending()], c.ID)
	}
	for _, limit := range []int{1, 3, 9, 50} {
		require.Equal(t, all, listed(t, w.Store, lists.Query{Tenants: []string{tenant}, State: dsr.StateCompleted, Limit: limit}), "first due first, %d a page", limit)
		for _, e := range dsr.Endings() {
			q := lists.Query{Tenants: []string{tenant}, State: dsr.StateCompleted, Ending: e, Limit: limit}
			require.Equal(t, by[e], listed(t, w.Store, q))
			q.DueBefore = dsr.Due(dsr.GDPR, received).Add(5 * time.Minute)
			early := slices.DeleteFunc(slices.Clone(by[e]), func(id string) bool { return !slices.Contains(all[:5], id) })
			require.Equal(t, early, listed(t, w.Store, q), "due within five minutes")
		}
	}
	require.Empty(t, listed(t, w.Store, lists.Query{Tenants: []string{tenant}, State: dsr.StateCancelled}))

	// A retry takes the ending back.
	c := load(t, w.Store, tenant, by[dsr.EndingFailed][0])
	again := event(dsr.EventRetried)
	again.Tasks = c.Retryable()
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{again}}))
	require.Empty(t, c.Ending())
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: []string{tenant}, State: dsr.StateCompleted}), 9)
	require.Equal(t, by[dsr.EndingFailed][1:], listed(t, w.Store, lists.Query{Tenants: []string{tenant}, State: dsr.StateCompleted, Ending: dsr.EndingFailed}))
	_, next, err := w.Store.Lists.Page(bg, lists.Query{Tenants: []string{tenant}, State: dsr.StateCompleted, Limit: 3})
	require.NoError(t, err)
	_, _, err = w.Store.Lists.Page(bg, lists.Query{Tenants: []string{tenant}, State: dsr.StateCompleted, Ending: dsr.EndingGaps, Limit: 3, Cursor: next})
	require.ErrorIs(t, err, lists.ErrCursor, "the cursor is of another list")
}

func TestRowsThatTheirHeadDoesNotNameAreLeftOutAndDeleted(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	// A commit that dies between the list rows and the request leaves rows of a state that the
	// request never had.
	for i := range 30 {
		d := draft(tenant, fmt.Sprint(i))
		d.Request.DueAt = d.Request.DueAt.Add(time.Duration(i) * time.Minute)
		c := create(t, w.Store, d)
		if i < 25 {
			revive := w.Faults.KillAfter(1)
			require.Error(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
			revive()
		} else {
			require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
		}
	}
	q := lists.Query{Tenants: []string{tenant}, State: dsr.StateDiscovering, Limit: 2}
	empty, cursor := 0, ""
	for {
		q.Cursor = cursor
		items, next, err := w.Store.Lists.Page(bg, q)
		require.NoError(t, err)
		if len(items) == 0 && next != "" {
			empty++
		}
		if cursor = next; next == "" {
			break
		}
	}
	require.Positive(t, empty, "a page may be empty although it has a next")
	q.Cursor = ""
	require.Len(t, listed(t, w.Store, q), 5)
	before := len(w.Rows(t, "lists"))
	w.Clock.Advance(61 * time.Minute)
	require.Len(t, listed(t, w.Store, q), 5)
	require.Equal(t, before-25, len(w.Rows(t, "lists")), "an hour later they are deleted")
	require.Len(t, listed(t, w.Store, lists.Query{Tenants: []string{tenant}, State: dsr.StateReceived}), 25)
}

func TestAStateThatARequestReturnsToKeepsItsListRow(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	c := create(t, w.Store, draft(newTenant(), "k"))
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
	// While the first writer is about to delete the row of the old state, a second writer returns
	// to that state.
	cleanup := func(call storetest.Call) bool { return call.Batch && call.Is("table", "lists") }
	w.Faults.Add(storetest.Fault{Match: cleanup, Skip: 1, Times: 1, Before: func() {
		second := load(t, other, c.Tenant, c.ID)
		require.Equal(t, dsr.StateNeedsDecision, second.State)
		require.NoError(t, other.Commit(bg, second, store.Change{Events: []dsr.Event{event(dsr.EventDecided)}, Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: received.Add(2 * time.Minute)}}))
	}})
	require.NoError(t, w.Store.Commit(bg, c, store.Change{
		Events: []dsr.Event{event(dsr.EventCandidatesFound)}, Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: {}},
	}))
	got := snap(t, other, c.Tenant, c.ID)
	require.Equal(t, dsr.StateDiscovering, got.State)
	require.Equal(t, 1, got.Lists["state"])
	require.Zero(t, got.Missing, "the wake is kept, too")
}

func TestWakes(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	var cases []*store.Case
	for i := range 12 {
		d := draft(tenant, fmt.Sprint(i))
		d.Wakes = map[retention.WakeKind]time.Time{retention.WakeRedeliver: received.Add(time.Duration(i) * time.Minute), retention.WakePackage: received.AddDate(0, 0, i), retention.WakeParts: received.AddDate(0, 0, i)}
		cases = append(cases, create(t, w.Store, d))
	}
	require.Zero(t, cases[0].Shard, "a tenant begins with one shard")
	w.Counter.Reset()
	p := lists.Span{Tenant: tenant, Job: dsr.StepWake, Clock: retention.WallClock, Until: received.Add(5 * time.Minute)}
	ws, err := w.Store.Lists.Due(bg, p, 100)
	require.NoError(t, err)
	require.Len(t, ws, 6, "those of minutes 0 to 5")
	for i, wake := range ws {
		require.Equal(t, received.Add(time.Duration(i)*time.Minute), wake.Due, "the longest due first")
		require.Equal(t, retention.WakeRedeliver, wake.Kind)
		require.Equal(t, tenant, wake.Tenant)
		c := cases[slices.IndexFunc(cases, func(c *store.Case) bool { return c.ID == wake.ID })]
		require.Equal(t, c.Wakes[retention.WakeRedeliver], wake.Due)
		require.Equal(t, c.KeyID, wake.KeyID)
		require.Equal(t, layout.RowWake(wake.Kind, wake.Due, wake.ID), wake.Key())
	}
	p.After = ws[1].Key()
	rest, err := w.Store.Lists.Due(bg, p, 2)
	require.NoError(t, err)
	require.Equal(t, ws[2:4], rest, "a reader goes on after what it has read")
	p.After, p.From, p.Until = "", ws[3].Due, ws[3].Due
	one, err := w.Store.Lists.Due(bg, p, 100)
	require.NoError(t, err)
	require.Equal(t, ws[3:4], one, "due at one time")
	p.Job, p.Clock, p.From, p.Until = dsr.StepPurge, retention.BusinessClock, time.Time{}, received.AddDate(1, 0, 0)
	both, err := w.Store.Lists.Due(bg, p, 100)
	require.NoError(t, err)
	require.Len(t, both, 24)
	require.Equal(t, []retention.WakeKind{retention.WakePackage, retention.WakeParts}, []retention.WakeKind{both[0].Kind, both[1].Kind}, "two kinds in one range")
	require.Equal(t, 4, w.Counter.Total(), "one range query each")
	_, err = w.Store.Lists.Due(bg, lists.Span{Tenant: "' or 1", Job: dsr.StepWake, Clock: retention.WallClock, Until: received}, 1)
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, k := range wakeKinds() {
		require.Contains(t, []retention.Clock{retention.WallClock, retention.BusinessClock}, k.Clock())
	}
}

func TestOrphansAreDroppedAfterAnHour(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	onlyLists := func(c storetest.Call) bool { return requestsTransaction(c) }
	disarm := w.Faults.Add(storetest.Fault{Match: onlyLists, Action: storetest.Lost})
	_, err := w.Store.Create(bg, draft(tenant, "k"))
	require.Error(t, err)
	disarm()
	require.Equal(t, 1, w.CaseKeys(t))
	require.Len(t, w.Rows(t, "lists"), 4)
	drop := func() {
		t.Helper()
		for _, wake := range allWakes(t, other, tenant) {
			require.NoError(t, other.Lists.Drop(bg, wake))
			require.NoError(t, other.Lists.Drop(bg, wake), "twice")
		}
	}
	drop()
	require.Len(t, w.Rows(t, "lists"), 4, "a creation may still be under way")
	w.Clock.Advance(59 * time.Minute)
	drop()
	require.Len(t, w.Rows(t, "lists"), 4)
	w.Clock.Advance(2 * time.Minute)
	drop()
	require.Empty(t, w.Rows(t, "lists"))
	require.Zero(t, w.CaseKeys(t))

	// An orphan beside an existing request: its key and its wake go, what the head names stays.
	d := draft(tenant, "k")
	c := create(t, w.Store, d)
	w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Is("table", "requests") }, Action: storetest.Lost, Times: 0})
	d.Wakes = map[retention.WakeKind]time.Time{retention.WakeRedeliver: received.Add(time.Minute)}
	d.Request.ReceivedAt = received.Add(time.Second)
	_, err = w.Store.Create(bg, d)
	require.Error(t, err)
	require.Equal(t, 2, w.CaseKeys(t))
	require.Len(t, w.Rows(t, "lists"), 4+2, "another time of receipt, another wake")
	w.Clock.Advance(61 * time.Minute)
	drop()
	require.Equal(t, 1, w.CaseKeys(t))
	require.Len(t, w.Rows(t, "lists"), 4)
	require.Zero(t, snap(t, other, tenant, c.ID).Missing)
	require.Equal(t, 1, snap(t, other, tenant, c.ID).Lists["newest"])
}
