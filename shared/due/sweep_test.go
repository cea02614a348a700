package due_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// seen are the wakes that a sweep handled, in order.
type seen struct {
	mu    sync.Mutex
	wakes []lists.Wake
}

func (s *seen) handlers(job dsr.Step) due.Handlers {
	out := due.Handlers{}
	for _, k := range retention.Wakes(job) {
		out[k] = func(_ context.Context, w lists.Wake) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.wakes = append(s.wakes, w)
			return nil
		}
	}
	return out
}

func sweeper(t *testing.T, w *storetest.World, o due.Options, tenants ...string) *due.Sweeper {
	t.Helper()
	o.Store, o.Clocks, o.Log = w.Store, clock.Clocks{Wall: w.Clock.Now, Business: w.Clock.Now}, slog.New(slog.DiscardHandler)
	for _, id := range tenants {
		o.Tenants = append(o.Tenants, tenant.Tenant{ID: id})
	}
	s, err := due.New(o)
	require.NoError(t, err)
	return s
}

// waiting makes requests of a tenant that became due one minute after another, the last one now.
func waiting(t *testing.T, w *storetest.World, tenant string, kind retention.WakeKind, n int) []string {
	t.Helper()
	now := w.Clock.Now()
	var ds []store.Draft
	for i := range n {
		ds = append(ds, store.Draft{
			Request: dsr.Request{Tenant: tenant, Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR, Caller: "tester", ReceivedAt: now},
			Key:     uuid.NewString(), By: "tester", Wakes: map[retention.WakeKind]time.Time{kind: now.Add(time.Duration(i-n+1) * time.Minute)},
		})
	}
	var ids []string
	for _, d := range ds { // one at a time, so that they spread over the shards
		made, err := w.Store.Create(t.Context(), d)
		require.NoError(t, err)
		ids = append(ids, made.Request.ID)
	}
	return ids
}

func each(t *testing.T, s *due.Sweeper, job dsr.Step) (due.Result, []string) {
	t.Helper()
	var got seen
	tenants, err := s.EverTenants(t.Context())
	require.NoError(t, err)
	res, err := s.Each(t.Context(), job, tenants, got.handlers(job))
	require.NoError(t, err)
	var ids []string
	for _, w := range got.wakes {
		ids = append(ids, w.ID)
	}
	return res, ids
}

// An idle tenant costs one call for each clock of a job, whatever the number of kinds. One call
// more reads all tenants.
func TestAnIdleSweepMakesOneCallForATenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	var tenants []string
	for i := range 40 {
		tenants = append(tenants, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	s := sweeper(t, w, due.Options{}, tenants[:20]...)
	require.NoError(t, w.Store.Lists.Remember(t.Context(), tenants))
	for _, job := range []dsr.Step{dsr.StepWake, dsr.StepPurge} {
		w.Counter.Reset()
		res, _ := each(t, s, job)
		require.Zero(t, res)
		require.Greater(t, len(retention.Wakes(job)), 1, "there are several kinds")
		require.Equal(t, len(tenants)*len(retention.Clocks(job))+1, w.Counter.Total(), job)
	}
}

func TestASweepHandlesEachWakeOnceOverAllShardsAndKinds(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	id := uuid.NewString()
	for _, n := range []int{1, 2} {
		require.NoError(t, w.Store.Lists.Grow(t.Context(), lists.Tenant{ID: id, Shards: n}))
	}
	for i, kind := range []retention.WakeKind{retention.WakeParts, retention.WakePackage} {
		waiting(t, w, id, kind, 12+i)
	}
	require.Len(t, storetest.Wakes(t, w.Store, id, w.Clock.Now()), 25)
	var got seen
	does := got.handlers(dsr.StepPurge)
	for _, turn := range []int{1, 2, 5, 25, 500} {
		got.wakes = nil
		tenants := []lists.Tenant{{ID: id, Shards: 4}}
		res, err := sweeper(t, w, due.Options{Turn: turn}).Each(t.Context(), dsr.StepPurge, tenants, does)
		require.NoError(t, err)
		require.Equal(t, due.Result{Due: 25, Done: 25}, res, "each once, with turns of %d", turn)
		require.Len(t, got.wakes, 25)
	}
}

// Two kinds of one request in one range would be in each other's way if they were handled at the
// same time.
func TestTheWakesOfOneRequestAreHandledOneAfterAnother(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	id := uuid.NewString()
	now := w.Clock.Now()
	for range 8 {
		_, err := w.Store.Create(t.Context(), store.Draft{
			Request: dsr.Request{Tenant: id, Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR, Caller: "tester", ReceivedAt: now},
			Key:     uuid.NewString(), By: "tester", Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: now, retention.WakePackage: now},
		})
		require.NoError(t, err)
	}
	// The commit of either kind replaces the head, so one of two at the same time would fail.
	does := due.Handlers{}
	s := sweeper(t, w, due.Options{})
	for _, k := range retention.Wakes(dsr.StepPurge) {
		does[k] = func(ctx context.Context, wake lists.Wake) error {
			c, err := s.Request(ctx, wake)
			if err != nil {
				return err
			}
			return w.Store.Commit(ctx, c, store.Change{Wakes: map[retention.WakeKind]time.Time{k: {}}})
		}
	}
	res, err := s.Each(t.Context(), dsr.StepPurge, []lists.Tenant{{ID: id, Shards: 1}}, does)
	require.NoError(t, err)
	require.Equal(t, due.Result{Due: 16, Done: 16}, res)
}

func TestTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	large, small := uuid.NewString(), uuid.NewString()
	waiting(t, w, large, retention.WakeRedeliver, 12)
	late := waiting(t, w, small, retention.WakeRedeliver, 1)
	s := sweeper(t, w, due.Options{Turn: 3, Limit: 9}, large, small)
	res, ids := each(t, s, dsr.StepWake)
	require.Equal(t, due.Result{Due: 10, Done: 10, Rest: true}, res, "nine of the large one, as the limit says, and all of the small one")
	require.Less(t, slices.Index(ids, late[0]), 4, "the small one waits for one turn at most")
}

// A sweep that finds a full turn in every shard adds shards. New requests then spread.
func TestATenantWithManyDueWakesGetsMoreShards(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	id := uuid.NewString()
	s := sweeper(t, w, due.Options{Turn: 3}, id)
	shards := func() int {
		all, err := w.Store.Lists.Tenants(t.Context())
		require.NoError(t, err)
		if len(all) == 0 {
			return 1
		}
		return all[0].Shards
	}
	waiting(t, w, id, retention.WakeRedeliver, 2)
	_, ids := each(t, s, dsr.StepWake)
	require.Len(t, ids, 2)
	require.Equal(t, 1, shards(), "few are due")
	waiting(t, w, id, retention.WakeRedeliver, 1)
	_, ids = each(t, s, dsr.StepWake)
	require.Len(t, ids, 3)
	require.Equal(t, 2, shards())
	_, ids = each(t, s, dsr.StepWake)
	require.Len(t, ids, 3)
	require.Equal(t, 2, shards(), "the new shard is empty")
	waiting(t, w, id, retention.WakeRedeliver, 20)
	res, ids := each(t, s, dsr.StepWake)
	require.Len(t, ids, 23, "none is lost: %v", res)
	require.Equal(t, 4, shards(), "both shards are full")
}

func TestAKindOfALaterVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	id := uuid.NewString()
	known := waiting(t, w, id, retention.WakeBulk, 1)
	waiting(t, w, id, retention.WakeRedeliver, 5)
	var got seen
	does := got.handlers(dsr.StepWake)
	delete(does, retention.WakeRedeliver)
	res, err := sweeper(t, w, due.Options{Turn: 2}).Each(t.Context(), dsr.StepWake, []lists.Tenant{{ID: id, Shards: 1}}, does)
	require.NoError(t, err)
	require.Equal(t, due.Result{Due: 1, Done: 1}, res)
	require.Equal(t, known[0], got.wakes[0].ID, "it has its turn behind those that nobody here handles")
	require.Len(t, storetest.Wakes(t, w.Store, id, w.Clock.Now()), 6)
}

func TestAShardThatCannotBeReadStopsNoOther(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	bad, good := "no|tenant", uuid.NewString()
	ids := waiting(t, w, good, retention.WakeRedeliver, 1)
	var got seen
	tenants := []lists.Tenant{{ID: bad, Shards: 1}, {ID: good, Shards: 1}}
	res, err := sweeper(t, w, due.Options{}).Each(t.Context(), dsr.StepWake, tenants, got.handlers(dsr.StepWake))
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, due.Result{Due: 1, Done: 1, Failed: 1}, res)
	require.Equal(t, ids[0], got.wakes[0].ID)
}
