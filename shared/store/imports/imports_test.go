package imports_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// received is the business time of the tests.
var received = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

const canary = "jane.o'brien+#/@canary.example"

// allWakes reads every wake of a tenant's imports, due or not.
func allWakes(t *testing.T, s *store.Store, tenant string) []lists.Wake {
	t.Helper()
	return storetest.Wakes(t, s, tenant, received.AddDate(50, 0, 0))
}

func bulk(s *store.Store, tenant string) imports.Import {
	return imports.Import{
		ID: s.Imports.ID(tenant, "ref"), Tenant: tenant, Reference: "ref", Caller: "caller", State: imports.Received, Blob: "b", Format: "csv", Digest: "d",
		CreatedAt: received, Wakes: map[retention.WakeKind]time.Time{retention.WakeBulk: received.Add(time.Minute)},
	}
}

func TestAnImportFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := uuid.NewString()
	b, existing, err := w.Store.Imports.Create(t.Context(), bulk(w.Store, tenant))
	require.NoError(t, err)
	require.False(t, existing)
	again, existing, err := other.Imports.Create(t.Context(), bulk(w.Store, tenant))
	require.NoError(t, err)
	require.True(t, existing)
	require.Empty(t, cmp.Diff(b.Import, again.Import))
	ws := storetest.Wakes(t, w.Store, tenant, received.Add(time.Minute))
	require.Len(t, ws, 1)
	require.True(t, ws[0].Bulk)
	require.Equal(t, b.ID, ws[0].ID)

	cl, err := w.Store.Imports.Claim(t.Context(), b, "a")
	require.NoError(t, err)
	_, err = other.Imports.Claim(t.Context(), again, "b")
	require.ErrorIs(t, err, store.ErrClaimed)
	b.State, b.Lines, b.Offset, b.Chunk = imports.Importing, 1<<40, 1<<41, 7
	b.Wakes = map[retention.WakeKind]time.Time{retention.WakeBulk: received.Add(time.Hour)}
	require.NoError(t, w.Store.Imports.Save(t.Context(), b))
	require.NoError(t, cl.Renew(t.Context()))
	require.NoError(t, w.Store.Imports.Save(t.Context(), b))
	now, err := other.Imports.Load(t.Context(), tenant, b.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(b.Import, now.Import))
	require.Len(t, w.Rows(t, "lists"), 1)
	require.ErrorIs(t, other.Imports.Save(t.Context(), again), store.ErrConflict)

	w.Clock.Advance(lease.Length + time.Second)
	now, err = other.Imports.Load(t.Context(), tenant, b.ID)
	require.NoError(t, err)
	second, err := other.Imports.Claim(t.Context(), now, "b")
	require.NoError(t, err)
	require.ErrorIs(t, w.Store.Imports.Save(t.Context(), b), store.ErrClaimed)
	require.ErrorIs(t, cl.Check(t.Context()), store.ErrClaimed)
	now.State, now.EndedAt, now.Accepted = imports.Completed, received.Add(time.Hour), 1<<40
	now.Wakes = map[retention.WakeKind]time.Time{retention.WakeBulkInput: received.AddDate(0, 0, 7), retention.WakeBulkResult: received.AddDate(0, 0, 30)}
	require.NoError(t, other.Imports.Save(t.Context(), now))
	require.ErrorIs(t, second.Check(t.Context()), store.ErrClaimed, "the import has ended")
	done, err := w.Store.Imports.Load(t.Context(), tenant, b.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(now.Import, done.Import))
	require.Equal(t, dsr.Claim{Count: 2}, done.Import.Claim)
	_, err = w.Store.Imports.Claim(t.Context(), done, "c")
	require.ErrorIs(t, err, store.ErrClaimed)
	delete(done.Wakes, retention.WakeBulkInput)
	require.NoError(t, w.Store.Imports.Save(t.Context(), done), "the purge saves without a claim")
	require.Len(t, w.Rows(t, "lists"), 1)

	for _, wake := range allWakes(t, w.Store, tenant) {
		w.Clock.Advance(2 * time.Hour)
		require.NoError(t, w.Store.Lists.Drop(t.Context(), wake))
	}
	require.Len(t, w.Rows(t, "lists"), 1, "a wake that the import names is not dropped")
}

func TestUnclearAnswersOfAnImportAreLookedUp(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	write := func(c storetest.Call) bool { return c.Is("table", "requests") && c.Write() }
	for _, action := range []storetest.Action{storetest.DoneButFailed, storetest.Lost, storetest.Throttled} {
		tenant := uuid.NewString()
		spoil := func() { w.Faults.Add(storetest.Fault{Match: write, Action: action, Times: 1}) }
		spoil()
		b, existing, err := w.Store.Imports.Create(t.Context(), bulk(w.Store, tenant))
		require.NoError(t, err)
		require.False(t, existing, "this call made it")
		spoil()
		_, err = w.Store.Imports.Claim(t.Context(), b, "a")
		require.NoError(t, err)
		for range 8 {
			spoil()
			b.Line++
			require.NoError(t, w.Store.Imports.Save(t.Context(), b))
		}
		now, err := other.Imports.Load(t.Context(), tenant, b.ID)
		require.NoError(t, err)
		require.EqualValues(t, 8, now.Line)
	}

	tenant := uuid.NewString()
	b, _, err := w.Store.Imports.Create(t.Context(), bulk(w.Store, tenant))
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Match: write, Action: storetest.DoneButFailed, Times: 1, After: func() {
		second, err := other.Imports.Load(t.Context(), tenant, b.ID)
		require.NoError(t, err)
		second.Rejected = 1
		require.NoError(t, other.Imports.Save(t.Context(), second))
	}})
	b.Accepted = 1
	require.NoError(t, w.Store.Imports.Save(t.Context(), b), "it won, and another writer changed the import since")
	b.Accepted = 2
	require.ErrorIs(t, w.Store.Imports.Save(t.Context(), b), store.ErrConflict)
	now, err := other.Imports.Load(t.Context(), tenant, b.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, now.Accepted)
	require.EqualValues(t, 1, now.Rejected)
}

func TestAnIdempotencyKeyIsBoundToOneImport(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tenant := uuid.NewString()
	b := bulk(w.Store, tenant)
	other, moved, theirs := b, b, b
	other.Digest, moved.ID, theirs.Caller = "e", w.Store.Imports.ID(tenant, "ref-2"), "another"

	forget, err := w.Store.Imports.KeepKey(t.Context(), b, canary)
	require.NoError(t, err)
	again, err := w.Another(t).Imports.KeepKey(t.Context(), b, canary)
	require.NoError(t, err, "the same import again")
	again(t.Context())
	for _, x := range []imports.Import{other, moved} {
		_, err = w.Store.Imports.KeepKey(t.Context(), x, canary)
		require.ErrorIs(t, err, store.ErrIdempotency)
	}
	_, err = w.Store.Imports.KeepKey(t.Context(), theirs, canary)
	require.NoError(t, err, "another caller's key")
	require.Len(t, w.Rows(t, "requests"), 2)
	for _, r := range w.Rows(t, "requests") {
		require.NotContains(t, string(r), "canary")
	}
	forget(t.Context())
	_, err = w.Store.Imports.KeepKey(t.Context(), other, canary)
	require.NoError(t, err, "the key was removed")

	w.Faults.Add(storetest.Fault{Action: storetest.DoneButFailed, Times: 1})
	_, err = w.Store.Imports.KeepKey(t.Context(), b, "lost answer")
	require.NoError(t, err)
	w.Faults.Add(storetest.Fault{Action: storetest.Throttled})
	_, err = w.Store.Imports.KeepKey(t.Context(), b, "down")
	require.True(t, failure.Outage(err), err)
}
