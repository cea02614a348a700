package due

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// The longest due come first over all shards, however they lie in them and however few are read at
// once.
func TestTheLongestDueComeFirstOverAllShards(t *testing.T) {
	t.Parallel()
	for turn := 1; turn < 30; turn += 3 {
		stored := make([][]lists.Wake, 4)
		for i := range 41 {
			shard := i * i % 4 // two shards are empty
			if i > 20 {
				shard = i % 3
			}
			stored[shard] = append(stored[shard], lists.Wake{Shard: shard, Due: time.UnixMilli(int64(i))})
		}
		p := &pile{streams: []*stream{{}, {}, {}, {}}}
		var got []lists.Wake
		for more := true; more; {
			for shard, one := range p.streams { // as sweep.read does
				if len(one.wakes) == 0 && !one.done {
					n := min(turn, len(stored[shard]))
					one.wakes, stored[shard] = stored[shard][:n], stored[shard][n:]
					one.done = n < turn
				}
			}
			var out []lists.Wake
			out, more = p.next(turn)
			require.LessOrEqual(t, len(out), 4*turn)
			require.True(t, len(out) > 0 || !more, "each turn gets on")
			got = append(got, out...)
		}
		require.Len(t, got, 41)
		require.True(t, slices.IsSortedFunc(got, func(a, b lists.Wake) int { return a.Due.Compare(b.Due) }), "turns of %d", turn)
		require.Equal(t, 41, p.taken)
	}
}
