package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// shardsOf reads how many shards a tenant has.
func shardsOf(t *testing.T, s *store.Store, tenant string) int {
	t.Helper()
	all, err := s.Lists.Tenants(bg)
	require.NoError(t, err)
	for _, known := range all {
		if known.ID == tenant {
			return known.Shards
		}
	}
	return 0
}

// importOf returns an import that has just been received.
func importOf(s *store.Store, tenant string) imports.Import {
	return imports.Import{
		ID: s.Imports.ID(tenant, "ref"), Tenant: tenant, Reference: "ref", Caller: "caller", State: imports.Received, Blob: "b", Format: "csv", Digest: "d",
		CreatedAt: received, Wakes: map[retention.WakeKind]time.Time{retention.WakeBulk: received.Add(time.Minute)},
	}
}

// A process that grew a tenant writes to all shards, one that knows the old number to the first.
// What either wrote is found by both.
func TestShardsGrowWhileOthersKnowTheOldNumber(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	require.NoError(t, w.Store.Lists.Remember(bg, []string{tenant}))
	require.NoError(t, other.Lists.Remember(bg, []string{tenant}))
	create(t, w.Store, draft(tenant, "before"))
	for n := 1; n < 8; n *= 2 {
		require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: n}))
		require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: n}), "somebody else was first")
	}
	require.Equal(t, 8, shardsOf(t, w.Store, tenant))
	require.NoError(t, w.Another(t).Lists.Remember(bg, []string{tenant, newTenant()}))
	require.Equal(t, 8, shardsOf(t, w.Store, tenant), "remembering keeps the number")

	seen := map[int]bool{}
	for i := range 24 {
		seen[create(t, w.Store, draft(tenant, fmt.Sprint("new", i))).Shard] = true
		require.Zero(t, create(t, other, draft(tenant, fmt.Sprint("old", i))).Shard, "it knows the old number")
	}
	require.Greater(t, len(seen), 3)
	for _, s := range []*store.Store{w.Store, other} {
		require.Len(t, storetest.Wakes(t, s, tenant, received.AddDate(1, 0, 0)), 49)
		require.Len(t, listed(t, s, lists.Query{Tenants: []string{tenant}, Limit: 7}), 49)
		require.Len(t, listed(t, s, lists.Query{Tenants: []string{tenant}, DueBefore: received.AddDate(1, 0, 0), Limit: 7}), 49)
	}

	// The same request from a process with another number is one request. What it wrote beside is
	// taken back.
	before := len(w.Rows(t, "lists"))
	made, err := other.Create(bg, draft(tenant, "new1"))
	require.NoError(t, err)
	require.True(t, made.Existing)
	require.Len(t, w.Rows(t, "lists"), before)

	w.Clock.Advance(11 * time.Minute)
	for i := range 24 {
		seen[100+create(t, other, draft(tenant, fmt.Sprint("later", i))).Shard] = true
	}
	require.True(t, seen[101] || seen[102] || seen[103], "after ten minutes it knows the new number")
}

func TestAGrowthThatIsLostOrUnheardOrLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault storetest.Fault
		after int
		fails bool
	}{
		"lost":                       {storetest.Fault{Action: storetest.Lost}, 1, true},
		"throttled":                  {storetest.Fault{Action: storetest.Throttled}, 1, true},
		"done, but reported failed":  {storetest.Fault{Action: storetest.DoneButFailed}, 2, true},
		"unheard once, then refused": {storetest.Fault{Action: storetest.DoneButFailed, Times: 1}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.New(t)
			tenant := newTenant()
			require.NoError(t, w.Store.Lists.Remember(bg, []string{tenant}))
			c.fault.Match = func(call storetest.Call) bool { return call.Write() && call.Is("table", "lists") }
			disarm := w.Faults.Add(c.fault)
			err := w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: 1})
			require.Equal(t, c.fails, err != nil, "%v", err)
			disarm()
			require.Equal(t, c.after, shardsOf(t, w.Store, tenant))
			require.Less(t, create(t, w.Store, draft(tenant, "k")).Shard, c.after, "no writer is ahead of the row")
			require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: 1}), "the next sweep tries again")
			require.Equal(t, 2, shardsOf(t, w.Store, tenant))
		})
	}
	t.Run("late: another process has grown it since", func(t *testing.T) {
		t.Parallel()
		w := storetest.New(t)
		tenant := newTenant()
		other := w.Another(t)
		require.NoError(t, other.Lists.Remember(bg, []string{tenant}))
		w.Faults.Add(storetest.Fault{
			Times: 1, Match: func(call storetest.Call) bool { return call.Write() && call.Is("table", "lists") },
			Before: func() {
				for _, n := range []int{1, 2} {
					require.NoError(t, other.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: n}))
				}
			},
		})
		require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: 1}))
		require.Equal(t, 4, shardsOf(t, other, tenant), "the late write takes no shard away")
	})
	t.Run("of a tenant that has no row yet, up to the most", func(t *testing.T) {
		t.Parallel()
		w := storetest.New(t)
		tenant := newTenant()
		for n := 1; n <= layout.MaxShards; n *= 2 {
			require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: n}))
		}
		require.Equal(t, layout.MaxShards, shardsOf(t, w.Store, tenant))
	})
}

// An import that is created twice by processes that know different numbers has one row. The wakes
// of the other attempt are dropped after an hour.
func TestAWakeInAShardThatTheImportDoesNotNameIsDropped(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other := w.Another(t)
	tenant := newTenant()
	for n := 1; n < layout.MaxShards; n *= 2 {
		require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: n}))
	}
	d := importOf(w.Store, tenant)
	// The other attempt chooses the first shard.
	for i := 0; w.Store.Lists.Shard(bg, tenant, d.ID, 1) == 0; i++ {
		d.Reference = fmt.Sprint("ref", i)
		d.ID = w.Store.Imports.ID(tenant, d.Reference)
	}
	made, _, err := w.Store.Imports.Create(bg, d)
	require.NoError(t, err)
	require.NotZero(t, made.Shard)
	again, existing, err := other.Imports.Create(bg, d)
	require.NoError(t, err)
	require.True(t, existing)
	require.Equal(t, made.Shard, again.Shard)
	wakes := storetest.Wakes(t, other, tenant, received.AddDate(1, 0, 0))
	require.Len(t, wakes, 2, "a wake too many does no harm")
	w.Clock.Advance(2 * time.Hour)
	for _, wake := range wakes {
		require.NoError(t, w.Store.Lists.Drop(bg, wake))
	}
	wakes = storetest.Wakes(t, other, tenant, received.AddDate(1, 0, 0))
	require.Len(t, wakes, 1)
	require.Equal(t, made.Shard, wakes[0].Shard)
	require.Equal(t, retention.WakeBulk, wakes[0].Kind)
	require.Equal(t, dsr.StepWake, wakes[0].Kind.Job())
}
