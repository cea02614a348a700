package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func bulk(s *store.Store, tenant string) store.Bulk {
	return store.Bulk{
		ID: s.BulkID(tenant, "ref"), Tenant: tenant, Reference: "ref", Caller: "caller", State: store.BulkReceived, Blob: "b", Format: "csv", Digest: "d",
		CreatedAt: received, Wakes: map[retention.WakeKind]time.Time{retention.WakeBulk: received.Add(time.Minute)},
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	b, existing, err := w.Store.CreateBulk(bg, bulk(w.Store, tenant))
	require.NoError(t, err)
	require.False(t, existing)
	again, existing, err := other.CreateBulk(bg, bulk(w.Store, tenant))
	require.NoError(t, err)
	require.True(t, existing)
	require.Empty(t, cmp.Diff(b.Bulk, again.Bulk))
	ws, err := w.Store.Lists.Due(bg, tenant, b.Shard, retention.WakeBulk, received.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, ws, 1)
	require.True(t, ws[0].Bulk)
	require.Equal(t, b.ID, ws[0].ID)

	cl, err := w.Store.ClaimBulk(bg, b, "a")
	require.NoError(t, err)
	_, err = other.ClaimBulk(bg, again, "b")
	require.ErrorIs(t, err, store.ErrClaimed)
	b.State, b.Lines, b.Offset, b.Chunk = store.BulkImporting, 1<<40, 1<<41, 7
	b.Wakes = map[retention.WakeKind]time.Time{retention.WakeBulk: received.Add(time.Hour)}
	require.NoError(t, w.Store.SaveBulk(bg, b))
	require.NoError(t, cl.Renew(bg))
	require.NoError(t, w.Store.SaveBulk(bg, b))
	now, err := other.LoadBulk(bg, tenant, b.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(b.Bulk, now.Bulk))
	require.Len(t, w.Rows(t, "lists"), 1)
	require.ErrorIs(t, other.SaveBulk(bg, again), store.ErrConflict)

	w.Clock.Advance(store.Lease + time.Second)
	now, err = other.LoadBulk(bg, tenant, b.ID)
	require.NoError(t, err)
	second, err := other.ClaimBulk(bg, now, "b")
	require.NoError(t, err)
	require.ErrorIs(t, w.Store.SaveBulk(bg, b), store.ErrClaimed)
	require.ErrorIs(t, cl.Check(bg), store.ErrClaimed)
	now.State, now.EndedAt, now.Accepted = store.BulkCompleted, received.Add(time.Hour), 1<<40
	now.Wakes = map[retention.WakeKind]time.Time{retention.WakeBulkInput: received.AddDate(0, 0, 7), retention.WakeBulkResult: received.AddDate(0, 0, 30)}
	require.NoError(t, other.SaveBulk(bg, now))
	require.ErrorIs(t, second.Check(bg), store.ErrClaimed, "it is over")
	done, err := w.Store.LoadBulk(bg, tenant, b.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(now.Bulk, done.Bulk))
	require.Equal(t, dsr.Claim{Count: 2}, done.Claim)
	_, err = w.Store.ClaimBulk(bg, done, "c")
	require.ErrorIs(t, err, store.ErrClaimed)
	delete(done.Wakes, retention.WakeBulkInput)
	require.NoError(t, w.Store.SaveBulk(bg, done), "the purge saves without a claim")
	require.Len(t, w.Rows(t, "lists"), 1)

	for _, wake := range allWakes(t, w.Store, tenant) {
		w.Clock.Advance(2 * time.Hour)
		require.NoError(t, w.Store.Lists.Drop(bg, wake))
	}
	require.Len(t, w.Rows(t, "lists"), 1, "a wake that the import names is not dropped")
}

func TestBulkUnclear(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	write := func(c storetest.Call) bool { return c.Is("table", "requests") && c.Write() }
	for _, action := range []storetest.Action{storetest.DoneButFailed, storetest.Lost, storetest.Throttled} {
		tenant := newTenant()
		spoil := func() { w.Faults.Add(storetest.Fault{Match: write, Action: action, Times: 1}) }
		spoil()
		b, existing, err := w.Store.CreateBulk(bg, bulk(w.Store, tenant))
		require.NoError(t, err)
		require.False(t, existing, "the winner knows")
		spoil()
		_, err = w.Store.ClaimBulk(bg, b, "a")
		require.NoError(t, err)
		for range 8 {
			spoil()
			b.Line++
			require.NoError(t, w.Store.SaveBulk(bg, b))
		}
		now, err := other.LoadBulk(bg, tenant, b.ID)
		require.NoError(t, err)
		require.EqualValues(t, 8, now.Line)
	}

	tenant := newTenant()
	b, _, err := w.Store.CreateBulk(bg, bulk(w.Store, tenant))
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Match: write, Action: storetest.DoneButFailed, Times: 1, After: func() {
		second, err := other.LoadBulk(bg, tenant, b.ID)
		require.NoError(t, err)
		second.Rejected = 1
		require.NoError(t, other.SaveBulk(bg, second))
	}})
	b.Accepted = 1
	require.NoError(t, w.Store.SaveBulk(bg, b), "it won, and another moved on")
	b.Accepted = 2
	require.ErrorIs(t, w.Store.SaveBulk(bg, b), store.ErrConflict)
	now, err := other.LoadBulk(bg, tenant, b.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, now.Accepted)
	require.EqualValues(t, 1, now.Rejected)
}

func TestTheKeyOfAnImport(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := newTenant()
	b := bulk(w.Store, tenant)
	other, moved, theirs := b, b, b
	other.Digest, moved.ID, theirs.Caller = "e", w.Store.BulkID(tenant, "ref-2"), "another"

	forget, err := w.Store.KeepBulkKey(bg, b, canary)
	require.NoError(t, err)
	again, err := w.Another(t).KeepBulkKey(bg, b, canary)
	require.NoError(t, err, "the same")
	again(bg)
	for _, x := range []store.Bulk{other, moved} {
		_, err = w.Store.KeepBulkKey(bg, x, canary)
		require.ErrorIs(t, err, store.ErrIdempotency)
	}
	_, err = w.Store.KeepBulkKey(bg, theirs, canary)
	require.NoError(t, err, "another caller's key")
	require.Len(t, w.Rows(t, "requests"), 2)
	for _, r := range w.Rows(t, "requests") {
		require.NotContains(t, string(r), "canary")
	}
	forget(bg)
	_, err = w.Store.KeepBulkKey(bg, other, canary)
	require.NoError(t, err, "it was taken back")

	w.Faults.Add(storetest.Fault{Action: storetest.DoneButFailed, Times: 1})
	_, err = w.Store.KeepBulkKey(bg, b, "lost answer")
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Action: storetest.Throttled})
	_, err = w.Store.KeepBulkKey(bg, b, "down")
	require.True(t, failure.Outage(err), err)
}
