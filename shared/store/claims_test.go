package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	fresh := func(t *testing.T) *store.Case {
		tenant := newTenant()
		created(t, other, tenant)
		c, err := theCase(other, tenant)
		require.NoError(t, err)
		return c
	}

	t.Run("one claim at a time, until the lease ends", func(t *testing.T) {
		c := fresh(t)
		cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
		require.NoError(t, err)
		require.NoError(t, cl.Check(bg))
		again := load(t, other, c.Tenant, c.ID)
		_, err = other.Claim(bg, again, "entra-discover", "b")
		require.ErrorIs(t, err, store.ErrClaimed)
		require.Equal(t, c.Seq, again.Seq, "claims leave the head alone")

		w.Clock.Advance(15 * time.Second)
		require.NoError(t, cl.Renew(bg))
		w.Clock.Advance(15 * time.Second)
		_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
		require.ErrorIs(t, err, store.ErrClaimed, "renewed")
		w.Clock.Advance(6 * time.Second)
		second, err := other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
		require.NoError(t, err)
		require.Equal(t, 2, load(t, other, c.Tenant, c.ID).Task("entra-discover").Claim.Count)

		require.ErrorIs(t, cl.Check(bg), store.ErrClaimed)
		require.ErrorIs(t, cl.Renew(bg), store.ErrClaimed)
		require.ErrorIs(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Claim: cl}), store.ErrClaimed)
		require.NoError(t, second.Release(bg))
		require.NoError(t, second.Release(bg), "releasing twice is no error")
		require.ErrorIs(t, second.Check(bg), store.ErrClaimed)
		third, err := w.Store.Claim(bg, load(t, w.Store, c.Tenant, c.ID), "entra-discover", "c")
		require.NoError(t, err)
		require.NoError(t, third.Renew(bg))
		require.Equal(t, 3, load(t, other, c.Tenant, c.ID).Task("entra-discover").Claim.Count)
	})

	t.Run("a lost claim makes the commit fail although the head is unchanged", func(t *testing.T) {
		c := fresh(t)
		cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
		require.NoError(t, err)
		w.Clock.Advance(lease.Length + time.Second)
		_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
		require.NoError(t, err)
		err = w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Claim: cl})
		require.ErrorIs(t, err, store.ErrClaimed)
		require.Equal(t, dsr.StateReceived, load(t, other, c.Tenant, c.ID).State)
	})

	t.Run("a cancellation ends the claim", func(t *testing.T) {
		c := fresh(t)
		cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
		require.NoError(t, err)
		require.NoError(t, other.Commit(bg, load(t, other, c.Tenant, c.ID), store.Change{Events: []dsr.Event{event(dsr.EventCancelled)}}))
		require.ErrorIs(t, cl.Check(bg), store.ErrClaimed)
		require.ErrorIs(t, cl.Renew(bg), store.ErrClaimed)
		_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
		require.ErrorIs(t, err, store.ErrClaimed)
		_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "no-such-task", "b")
		require.ErrorIs(t, err, store.ErrNotFound)
	})

	t.Run("a case that was loaded before another claim", func(t *testing.T) {
		c := fresh(t)
		old := load(t, w.Store, c.Tenant, c.ID)
		cl, err := other.Claim(bg, c, "entra-discover", "a")
		require.NoError(t, err)
		_, err = w.Store.Claim(bg, old, "entra-discover", "b")
		require.ErrorIs(t, err, store.ErrClaimed)
		require.NoError(t, cl.Release(bg))
		_, err = w.Store.Claim(bg, old, "entra-discover", "b")
		require.ErrorIs(t, err, store.ErrConflict)
	})

	t.Run("every unclear answer is looked up", func(t *testing.T) {
		write := func(c storetest.Call) bool { return c.Is("table", "requests") && c.Write() }
		for _, action := range []storetest.Action{storetest.DoneButFailed, storetest.Lost, storetest.Throttled} {
			c := fresh(t)
			c, err := theCase(w.Store, c.Tenant)
			require.NoError(t, err)
			spoil := func() { w.Faults.Add(storetest.Fault{Match: write, Action: action, Times: 1}) }
			spoil()
			cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
			require.NoError(t, err)
			spoil()
			require.NoError(t, cl.Renew(bg))
			require.NoError(t, cl.Renew(bg), "the claim knows its ETag again")
			spoil()
			require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Claim: cl}))
			spoil()
			require.NoError(t, w.Store.Commit(bg, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: received}, Claim: cl}))
			spoil()
			require.NoError(t, cl.Release(bg))
			require.Equal(t, dsr.Claim{Count: 1}, load(t, other, c.Tenant, c.ID).Task("entra-discover").Claim)
		}
	})

	t.Run("a claim yields", func(t *testing.T) {
		write := func(c storetest.Call) bool { return c.Is("table", "requests") && c.Write() }
		for _, action := range []storetest.Action{storetest.Pass, storetest.DoneButFailed, storetest.Lost, storetest.Throttled, storetest.Late} {
			c := fresh(t)
			for range 3 { // workers that die
				_, err := other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "dead")
				require.NoError(t, err)
				w.Clock.Advance(lease.Length + time.Second)
			}
			cl, err := w.Store.Claim(bg, load(t, w.Store, c.Tenant, c.ID), "entra-discover", "a")
			require.NoError(t, err)
			w.Faults.Add(storetest.Fault{Match: write, Action: action, Times: 1})
			require.NoError(t, cl.Yield(bg))
			require.NoError(t, cl.Yield(bg), "yielding twice is no error")
			require.ErrorIs(t, cl.Check(bg), store.ErrClaimed)
			require.Equal(t, dsr.Claim{Count: 1}, load(t, other, c.Tenant, c.ID).Task("entra-discover").Claim, "counted anew")
			_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
			require.NoError(t, err, "at once")
			w.Faults.Arrive(t)
			require.Equal(t, "b", load(t, other, c.Tenant, c.ID).Task("entra-discover").Claim.Owner)
		}
	})

	t.Run("all tries of a renewal are lost", func(t *testing.T) {
		c := fresh(t)
		c, err := theCase(w.Store, c.Tenant)
		require.NoError(t, err)
		cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
		require.NoError(t, err)
		disarm := w.Faults.Add(storetest.Fault{Action: storetest.Lost})
		err = cl.Renew(bg)
		disarm()
		require.Error(t, err)
		require.NotErrorIs(t, err, store.ErrClaimed, "no other worker took the claim")
		require.NoError(t, cl.Renew(bg))
	})
}

func TestACommitMayClaimATask(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	start := func(task dsr.TaskID) store.Change {
		return store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Take: store.Take{Task: task, Owner: "a"}}
	}
	fresh := func() *store.Case {
		tenant := newTenant()
		created(t, other, tenant)
		c, err := theCase(other, tenant)
		require.NoError(t, err)
		return c
	}

	c := fresh()
	w.Counter.Reset()
	cl, err := w.Store.CommitAndClaim(bg, c, start("entra-discover"))
	require.NoError(t, err)
	require.Equal(t, 2, w.Counter.Total(), "list rows, and one transaction")
	require.NoError(t, cl.Check(bg))
	require.Equal(t, 1, c.Task("entra-discover").Claim.Count)
	_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
	require.ErrorIs(t, err, store.ErrClaimed)
	require.NoError(t, cl.Renew(bg))
	next, err := w.Store.CommitAndClaim(bg, c, store.Change{
		Events: []dsr.Event{discovered("entra")}, Claim: cl, Take: store.Take{Task: "intune-discover", Owner: "a"},
	})
	require.NoError(t, err)
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("intune")}, Claim: next}))
	require.Equal(t, dsr.StateFulfilling, load(t, other, c.Tenant, c.ID).State)

	c = fresh()
	_, err = other.Claim(bg, load(t, other, c.Tenant, c.ID), "entra-discover", "b")
	require.NoError(t, err)
	_, err = w.Store.CommitAndClaim(bg, c, start("entra-discover"))
	require.ErrorIs(t, err, store.ErrConflict, "somebody claimed it after the case was loaded")
	require.Equal(t, dsr.StateReceived, load(t, other, c.Tenant, c.ID).State, "nothing is written")
	for _, task := range []dsr.TaskID{"entra-discover", "no-such"} {
		_, err = w.Store.CommitAndClaim(bg, load(t, w.Store, c.Tenant, c.ID), start(task))
		require.ErrorIs(t, err, store.ErrClaimed, task)
	}

	many := newTenant()
	var systems []string
	for i := range 60 {
		systems = append(systems, fmt.Sprintf("system-%02d", i))
	}
	c = create(t, other, draftOf(many, "k", systems...))
	cl, err = w.Store.CommitAndClaim(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted), discovered("system-00")}, Take: store.Take{Task: "system-59-discover", Owner: "a"}})
	require.NoError(t, err)
	require.NoError(t, cl.Check(bg), "its row is among those that are written")

	created(t, other, many+"x")
	c, err = theCase(w.Store, many+"x")
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Action: storetest.DoneButFailed, Times: 1, Match: func(c storetest.Call) bool { return c.Is("table", "requests") && c.Write() }})
	cl, err = w.Store.CommitAndClaim(bg, c, start("entra-discover"))
	require.NoError(t, err, "the answer was lost")
	require.NoError(t, cl.Renew(bg))
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl}))
}

// A task that was opened once is claimed without a look at its row. Where it has one, because a
// worker died, the next try knows.
func TestATaskIsClaimedAfterTheConflictWithItsRow(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	created(t, other, tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
	cl, err := w.Store.Claim(bg, c, "entra-discover", "me")
	require.NoError(t, err)
	died, err := other.Claim(bg, load(t, other, tenant, c.ID), "intune-discover", "died")
	require.NoError(t, err)
	require.NoError(t, died.Release(bg))
	change := store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl, Take: store.Take{Task: "intune-discover", Owner: "me"}}
	_, err = w.Store.CommitAndClaim(bg, c, change)
	require.ErrorIs(t, err, store.ErrConflict)
	c, err = w.Store.Reload(bg, c)
	require.NoError(t, err)
	_, err = w.Store.CommitAndClaim(bg, c, change)
	require.NoError(t, err)
	require.Equal(t, 2, load(t, other, tenant, c.ID).Task("intune-discover").Claim.Count)
}

// A reader of all tasks is not disturbed by a worker that ends one meanwhile.
func TestTheWholeRequestIsReadWhileItChanges(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	fulfilling(t, other, tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	now := load(t, other, tenant, c.ID)
	cl, err := other.Claim(bg, now, "entra-access", "b")
	require.NoError(t, err)
	require.NoError(t, other.Commit(bg, now, store.Change{Events: []dsr.Event{accessed("entra")}, Claim: cl}))
	require.ErrorIs(t, c.ReadAllTasks(bg), store.ErrConflict)
	whole, err := w.Store.Whole(bg, c)
	require.NoError(t, err)
	require.Equal(t, now.Seq, whole.Seq)
	require.Equal(t, dsr.TaskEnded, whole.Task("entra-access").State)
	require.NotNil(t, whole.Task("entra-access").Detail)
}

// What a commit with a claim leaves among the lists goes with the next commit, or by Tidy; a
// row that is needed again stays.
func TestListRowsThatAreLeftAreDeletedLater(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	start := store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Take: store.Take{Task: "entra-discover", Owner: "a"}}
	c := create(t, w.Store, draftOf(tenant, "k", "entra"))
	tidy := len(w.Rows(t, "lists"))
	cl, err := w.Store.CommitAndClaim(bg, c, start)
	require.NoError(t, err)
	require.Len(t, w.Rows(t, "lists"), tidy+1, "the row of the state before")
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl}))
	require.Len(t, w.Rows(t, "lists"), tidy)

	c = create(t, w.Store, draftOf(tenant, "l", "entra"))
	_, err = w.Store.CommitAndClaim(bg, c, start)
	require.NoError(t, err)
	w.Counter.Reset()
	w.Store.Tidy(bg, c)
	w.Store.Tidy(bg, c)
	require.Equal(t, 1, w.Counter.Total())
	require.Len(t, w.Rows(t, "lists"), 2*tidy)

	c = create(t, w.Store, draftOf(tenant, "m", "entra"))
	cl, err = w.Store.CommitAndClaim(bg, c, start)
	require.NoError(t, err)
	for _, r := range layout.ListRows(&dsr.Request{Tenant: tenant, ID: c.ID, State: dsr.StateReceived, ReceivedAt: c.ReceivedAt, DueAt: c.DueAt}) {
		require.NoError(t, touch(t, w, c, r))
	}
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl}), "somebody wrote the row anew")
	require.Len(t, w.Rows(t, "lists"), 3*tidy+1)
	require.Equal(t, dsr.StateFulfilling, load(t, other, tenant, c.ID).State)
}

// touch writes a list row anew, as a change of another writer does.
func touch(t *testing.T, w *storetest.World, c *store.Case, key string) error {
	t.Helper()
	body := fmt.Sprintf(`{"PartitionKey":%q,"RowKey":%q}`, layout.ShardPartition(c.Tenant, c.Shard), key)
	_, err := w.Clients.Tables.NewClient(w.Prefix+"lists").UpsertEntity(bg, []byte(body), nil)
	return err
}

// A new request can be worked on as it was made, without being read again.
func TestACreatedCaseCanBeChanged(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	made, err := w.Store.Create(bg, draftOf(newTenant(), "k", "entra"))
	require.NoError(t, err)
	w.Counter.Reset()
	cl, err := w.Store.CommitAndClaim(bg, made.Case, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Take: store.Take{Task: "entra-discover", Owner: "a"}})
	require.NoError(t, err)
	require.Equal(t, 2, w.Counter.Total())
	_, err = made.Case.Private(bg)
	require.NoError(t, err)
	require.Equal(t, 2, w.Counter.Total(), "its key is known")
	require.NoError(t, cl.Release(bg))
}

func TestKeepRenewsAndStops(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	store.RenewEvery(w.Store, 5*time.Millisecond)
	tenant := newTenant()
	created(t, w.Store, tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
	require.NoError(t, err)

	before := w.Counter.Total()
	kept, stop := cl.Keep(bg)
	require.Eventually(t, func() bool { return w.Counter.Total() > before+2 }, 10*time.Second, time.Millisecond)
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Claim: cl}), "a commit during renewals")
	require.NoError(t, kept.Err())

	w.Clock.Advance(lease.Length + time.Minute)
	_, err = w.Another(t).Claim(bg, load(t, w.Another(t), c.Tenant, c.ID), "entra-discover", "b")
	if err == nil { // not if a renewal came first
		<-kept.Done()
		require.ErrorIs(t, context.Cause(kept), store.ErrClaimed)
	}
	stop()
	require.Error(t, kept.Err())
}

func TestKeepEndsTheContextWhenStorageIsDown(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	store.RenewEvery(w.Store, 5*time.Millisecond)
	tenant := newTenant()
	created(t, w.Store, tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Action: storetest.Lost})
	kept, stop := cl.Keep(bg)
	defer stop()
	require.Eventually(t, func() bool { return w.Faults.Met() > 20 }, 10*time.Second, time.Millisecond)
	require.NoError(t, kept.Err(), "the lease has not ended yet")
	w.Clock.Advance(lease.Length)
	<-kept.Done()
	require.ErrorIs(t, context.Cause(kept), store.ErrClaimed)
}

func TestAClaimThatACommitEndedDoesNotEndTheContext(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	store.RenewEvery(w.Store, time.Millisecond)
	tenant := newTenant()
	created(t, w.Store, tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}}))
	cl, err := w.Store.Claim(bg, c, "entra-discover", "a")
	require.NoError(t, err)
	kept, stop := cl.Keep(bg)
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{discovered("entra")}, Claim: cl}))
	require.NoError(t, cl.Release(bg), "nothing to release")
	require.NoError(t, w.Store.Queues.Send(kept, queue.Work, queue.Message{Tenant: tenant, Request: c.ID}), "the context still sends messages for what became workable")
	stop()
	require.Equal(t, context.Canceled, context.Cause(kept))
}
