package archive

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// Each block takes four minutes. An assembly stops when they are over, and the next one
// sends what is missing, and nothing twice.
func TestAnAssemblyOfSeveralBudgets(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	var f parttest.Feed
	for i := range 8 {
		f = append(f, parttest.Page{Kind: "profile", Records: []json.RawMessage{noise(i, 6<<20)}})
	}
	handOver(t, b, f, func(o *part.Options) { o.Formats = nil })
	a := boundTo{b, directory()}.assembly()
	minutes := budget.Of(10 * time.Minute)

	b.Clock.Advance(time.Minute)
	a.Time = minutes.Begin(clock.Same(b.Clock.Now))
	b.Clock.Advance(minutes.Work)
	_, err := Assemble(t.Context(), a)
	require.ErrorIs(t, err, budget.ErrUsedUp)
	require.False(t, Stored(err), "this one got nowhere")

	b.Counter.Reset()
	b.Faults.Add(storetest.Fault{Match: block, After: func() { b.Clock.Advance(minutes.Work) }})
	attempts := 1
	for ; ; attempts++ {
		a.Time = minutes.Begin(clock.Same(b.Clock.Now))
		p, err := Assemble(t.Context(), a)
		if err == nil {
			sent := 0
			for _, c := range b.Counter.Calls() {
				if block(c) {
					sent++
				}
			}
			require.Equal(t, int((p.Bytes+4<<20-1)/(4<<20)), sent, "each block once")
			packageOf(t, b.Store, p)
			break
		}
		require.ErrorIs(t, err, budget.ErrUsedUp)
		require.True(t, Stored(err))
		require.Less(t, attempts, 12)
	}
	require.Greater(t, attempts, 1)
}
