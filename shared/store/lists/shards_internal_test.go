package lists

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

func TestAWriterAddsShardsWhenItHasMadeManyThings(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	var w writers
	grown := map[int]int{} // number of shards by what was made until then
	for made := 0; made < 20*roomy; {
		things := 1 + made%100 // alone, or chunks of an import
		made += things
		shards, few, stale := w.next("t", things, now)
		require.False(t, stale, "a process that has read no numbers reads none for a new request")
		if few {
			grown[2*shards] = made
			w.learn(time.Time{}, Tenant{ID: "t", Shards: 2 * shards})
		}
	}
	require.Len(t, grown, 3, "2, 4 and 8; an idle tenant keeps what it has, so more need another reason")
	for shards, made := range grown {
		require.InDelta(t, roomy*shards/2, made, 100)
	}
	shards, few, _ := w.next("another", roomy-1, now)
	require.Equal(t, 1, shards)
	require.False(t, few)
}

func TestAWriterLearnsEveryTenMinutes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	var w writers
	w.learn(now, Tenant{ID: "t", Shards: 4})
	w.learn(now, Tenant{ID: "t", Shards: 2})
	shards, _, stale := w.next("t", 1, now.Add(learnEvery-1))
	require.Equal(t, 4, shards, "a late answer takes no shard away")
	require.False(t, stale)
	_, _, stale = w.next("t", 1, now.Add(learnEvery))
	require.True(t, stale)
	_, _, stale = w.next("t", 1, now.Add(learnEvery))
	require.False(t, stale, "one reads, the others go on")
}

func TestShardsOfIDs(t *testing.T) {
	t.Parallel()
	require.Zero(t, layout.ShardOf("x", 1))
	require.Zero(t, layout.ShardOf("x", 0))
	seen := map[int]bool{}
	for i := range 1000 {
		seen[layout.ShardOf(time.Duration(i).String(), layout.MaxShards)] = true
	}
	require.Len(t, seen, layout.MaxShards)
}
