package store_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func stored(seq int) dsr.Part {
	return dsr.Part{Seq: seq, ID: uuid.NewString(), Size: 100, ETag: `"0x1"`, Records: 10}
}

// handing is a task of which a worker hands over parts.
type handing struct {
	*storetest.World
	other *store.Store
	c     *store.Case
	cl    *lease.Claim
}

func newHanding(t *testing.T, w *storetest.World, other *store.Store) handing {
	t.Helper()
	tenant := newTenant()
	fulfilling(t, other, tenant)
	c, err := theCase(w.Store, tenant)
	require.NoError(t, err)
	cl, err := w.Store.Claim(bg, c, "entra-access", uuid.NewString())
	require.NoError(t, err)
	return handing{w, other, c, cl}
}

// named are the parts that the row names.
func (h handing) named(t *testing.T) []dsr.Part {
	t.Helper()
	return load(t, h.other, h.c.Tenant, h.c.ID).Task("entra-access").Parts
}

// end is the commit that ends the task with a last part.
func (h handing) end(last *dsr.Part) error {
	return h.Store.Commit(bg, h.c, store.Change{Events: []dsr.Event{accessed("entra")}, Claim: h.cl, Part: last})
}

func rowWrite(c storetest.Call) bool { return c.Is("table", "requests") && c.Write() }

func TestPartsAreRecordedUnderTheClaim(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	one, two, last := stored(1), stored(2), stored(3)

	t.Run("one call each, which renews the lease, and the last with the end", func(t *testing.T) {
		h := newHanding(t, w, other)
		w.Clock.Advance(15 * time.Second)
		w.Counter.Reset()
		require.NoError(t, h.cl.Record(bg, one))
		require.Equal(t, 1, w.Counter.Total())
		w.Clock.Advance(15 * time.Second)
		require.NoError(t, h.cl.Record(bg, two))
		require.Equal(t, []dsr.Part{one, two}, h.cl.Parts())
		require.Equal(t, []dsr.Part{one, two}, h.named(t))
		require.NoError(t, h.end(&last))
		require.Equal(t, []dsr.Part{one, two, last}, h.named(t))
		require.Equal(t, []dsr.Part{one, two, last}, h.c.Task("entra-access").Parts)
	})

	t.Run("the first part with a number counts", func(t *testing.T) {
		h := newHanding(t, w, other)
		require.NoError(t, h.cl.Record(bg, one))
		require.NoError(t, h.cl.Record(bg, one), "twice")
		require.ErrorIs(t, h.cl.Record(bg, stored(1)), store.ErrExists)
		require.ErrorIs(t, h.cl.Record(bg, stored(3)), store.ErrExists, "none may be missing")
		taken := stored(1)
		require.ErrorIs(t, h.end(&taken), store.ErrClaimed)
		require.Equal(t, []dsr.Part{one}, h.named(t))
		require.NoError(t, h.end(nil), "without a last part")
		require.Equal(t, []dsr.Part{one}, h.named(t))
	})

	t.Run("under a lost claim nothing is recorded", func(t *testing.T) {
		h := newHanding(t, w, other)
		require.NoError(t, h.cl.Record(bg, one))
		w.Clock.Advance(lease.Length + time.Second)
		second, err := other.Claim(bg, load(t, other, h.c.Tenant, h.c.ID), "entra-access", "b")
		require.NoError(t, err)
		require.Equal(t, []dsr.Part{one}, second.Parts(), "it goes on there")
		require.NoError(t, second.Record(bg, two))
		require.ErrorIs(t, h.cl.Record(bg, stored(2)), store.ErrClaimed)
		mine := stored(2)
		require.ErrorIs(t, h.end(&mine), store.ErrClaimed)
		require.Equal(t, []dsr.Part{one, two}, h.named(t))
	})

	t.Run("nor after a cancellation", func(t *testing.T) {
		h := newHanding(t, w, other)
		require.NoError(t, h.cl.Record(bg, one))
		require.NoError(t, other.Commit(bg, load(t, other, h.c.Tenant, h.c.ID), store.Change{Events: []dsr.Event{event(dsr.EventCancelled)}}))
		require.ErrorIs(t, h.cl.Record(bg, two), store.ErrClaimed)
		require.Equal(t, []dsr.Part{one}, h.named(t), "what is to be deleted stays named")
	})

	t.Run("the hold is asked for every 7 seconds", func(t *testing.T) {
		h := newHanding(t, w, other)
		w.Counter.Reset()
		require.NoError(t, h.cl.Held(bg))
		require.Zero(t, w.Counter.Total())
		w.Clock.Advance(lease.RenewEvery)
		require.NoError(t, h.cl.Held(bg))
		require.NoError(t, h.cl.Held(bg))
		require.Equal(t, 1, w.Counter.Total())
		require.NoError(t, other.Commit(bg, load(t, other, h.c.Tenant, h.c.ID), store.Change{Events: []dsr.Event{event(dsr.EventCancelled)}}))
		w.Clock.Advance(lease.RenewEvery)
		require.ErrorIs(t, h.cl.Held(bg), store.ErrClaimed)
	})
}

// Whatever becomes of the write of a part, the part is named once or not at all, and the worker
// goes on.
func TestAFaultWhileAPartIsRecorded(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	one, two, last := stored(1), stored(2), stored(3)
	for name, fault := range map[string]storetest.Fault{
		"lost once":              {Action: storetest.Lost, Times: 1, Match: rowWrite},
		"lost every time":        {Action: storetest.Lost, Match: rowWrite},
		"done but failed once":   {Action: storetest.DoneButFailed, Times: 1, Match: rowWrite},
		"done but always failed": {Action: storetest.DoneButFailed, Match: rowWrite},
		"done, and no look":      {Action: storetest.DoneButFailed},
		"throttled":              {Action: storetest.Throttled, Match: rowWrite},
		"late":                   {Action: storetest.Late, Match: rowWrite},
	} {
		for _, ending := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, at the end %v", name, ending), func(t *testing.T) {
				h := newHanding(t, w, other)
				require.NoError(t, h.cl.Record(bg, one))
				write := func() error { return h.cl.Record(bg, two) }
				if ending {
					require.NoError(t, h.cl.Record(bg, two))
					write = func() error { return h.end(&last) }
				}
				disarm := w.Faults.Add(fault)
				err := write()
				disarm()
				if err != nil {
					require.NotErrorIs(t, err, store.ErrClaimed)
					require.NotErrorIs(t, err, store.ErrExists)
					// The first try may have ended the task.
					if err = write(); ending && err != nil {
						require.ErrorIs(t, err, store.ErrConflict)
						err = nil
					}
				}
				require.NoError(t, err)
				for _, status := range w.Faults.Arrive(t) {
					if !ending { // a transaction answers 202
						require.Equal(t, http.StatusPreconditionFailed, status)
					}
				}
				want := []dsr.Part{one, two}
				if ending {
					want = append(want, last)
				}
				require.Equal(t, want, h.named(t))
			})
		}
	}
}

// Parts belong to a round. A retry reads everything anew, and so names none.
func TestATaskThatIsOpenedAgainNamesNoParts(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	h := newHanding(t, w, w.Another(t))
	one := stored(1)
	require.NoError(t, h.end(&one))
	failed := event(dsr.EventAssemblyFailed)
	failed.Outcome = &dsr.Outcome{Code: dsr.OutcomeFailed}
	require.NoError(t, h.Store.Commit(bg, h.c, store.Change{Events: []dsr.Event{failed}}))
	require.Equal(t, []dsr.Part{one}, h.named(t))
	retried := event(dsr.EventRetried)
	retried.Tasks = []dsr.TaskID{"entra-discover", "entra-access"}
	require.NoError(t, h.Store.Commit(bg, h.c, store.Change{Events: []dsr.Event{retried}}))
	require.Empty(t, h.named(t))
}
