package wake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// lost makes n requests whose messages are lost.
func lost(w *tasktest.World, n int) []string {
	var ids []string
	for range n {
		ids = append(ids, w.Submit(dsr.Export))
	}
	w.Host.Fetch()
	w.Host.Drop()
	w.Clock.Advance(2 * time.Minute)
	return ids
}

func TestASweepLooksAtWhatIsDue(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	res, err := w.Steps.Wake.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, due.Result{}, res)
	lost(w, 12)
	res, err = w.Steps.Wake.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, due.Result{Due: 12, Done: 12}, res)
	w.Host.Fetch()
	require.Len(t, w.Host.Waiting(), 12)
	res, err = w.Steps.Wake.Run(context.Background())
	require.NoError(t, err)
	require.Zero(t, res.Due, "each has its next wake")
}

func TestALookAtWhatBecameDueAtOneTime(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	var cases []*store.Case
	for _, id := range lost(w, 3) {
		cases = append(cases, w.Load(id))
	}
	for n, c := range cases {
		m := queue.Message{Tenant: w.Tenant, Shard: &c.Shard, Due: c.Wakes[retention.WakeRedeliver].UnixMilli()}
		for range 2 {
			require.NoError(t, w.Steps.Wake.Shard(context.Background(), m))
			w.Host.Fetch()
			require.Len(t, w.Host.Waiting(), n+1, "the message may come twice, and no other request is looked at")
		}
		require.Greater(t, w.Load(c.ID).Wakes[retention.WakeRedeliver], w.Clock.Now())
	}
}

// Whatever an idle tenant costs is paid each minute for ever.
func TestAnIdleMinuteMakesOneCallForATenant(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	tenants := []string{w.Tenant}
	for range 39 {
		tenants = append(tenants, uuid.NewString())
	}
	require.NoError(t, w.Clean.Lists.Remember(t.Context(), tenants))
	w.Counter.Reset()
	res, err := w.Steps.Wake.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, due.Result{}, res)
	require.Equal(t, len(tenants)+1+len(dsr.Lanes()), w.Counter.Total(), "the tenants, and the length of each queue")
}

func TestASweepIsBounded(t *testing.T) {
	t.Parallel()
	t.Run("in count: the next sweeps take the rest", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		w.Rewire(func(o *pipeline.Options) { o.Limit = 1 })
		lost(w, 20)
		total, sweeps := 0, 0
		for total < 20 {
			res, err := w.Steps.Wake.Run(context.Background())
			require.NoError(t, err)
			require.LessOrEqual(t, res.Due, 1)
			require.True(t, res.Rest)
			total += res.Done
			sweeps++
			require.Less(t, sweeps, 21)
		}
	})
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		lost(w, 4)
		w.Rewire(func(o *pipeline.Options) {
			o.Clocks.Wall = func() time.Time { w.Clock.Advance(10 * time.Second); return w.Clock.Now() }
		})
		res, err := w.Steps.Wake.Run(context.Background())
		require.NoError(t, err)
		require.True(t, res.Rest)
		require.Less(t, res.Due, 4)
	})
}

// A request that cannot be looked at does not keep the others from their turn, even when more
// are due than one sweep takes.
func TestAFailureStopsNoOther(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Rewire(func(o *pipeline.Options) { o.Limit = 1 })
	ids := lost(w, 16)
	bad := ids[0]
	w.Faults.Add(storetest.Fault{Action: storetest.Throttled, Times: 5, Match: func(c storetest.Call) bool {
		return c.Batch && c.Is("table", "requests") && strings.Contains(c.Body, bad)
	}})
	failed := 0
	for range 20 {
		res, err := w.Steps.Wake.Run(context.Background())
		failed += res.Failed
		require.Equal(t, res.Failed > 0, err != nil)
	}
	require.Equal(t, 1, failed)
	for _, id := range ids {
		require.Greater(t, w.Load(id).Wakes[retention.WakeRedeliver], w.Clock.Now())
	}
}

func TestAnOrphanWakeIsDroppedAfterAnHour(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool { return c.Batch && c.Is("table", "requests") }})
	_, err := w.Store.Create(context.Background(), store.Draft{
		Request: dsr.Request{Tenant: w.Tenant, Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR, Caller: "tester", ReceivedAt: w.Business.Now()},
		Key:     uuid.NewString(), Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: w.Clock.Now()}, By: "tester",
	})
	require.Error(t, err, "the process died before the request was made")
	rows := func() int { return len(w.Rows(t, "lists")) + w.CaseKeys(t) }
	require.Positive(t, rows())
	_, err = w.Steps.Wake.Run(context.Background())
	require.NoError(t, err)
	require.Positive(t, rows(), "its writer may still be at work")
	w.Clock.Advance(2 * time.Hour)
	_, err = w.Steps.Wake.Run(context.Background())
	require.NoError(t, err)
	require.Zero(t, rows())
}

func TestRedeliveryPausesUnderPressure(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t, "alpha")
	fill := func(n int) {
		for range n {
			require.NoError(t, w.Clean.Queues.Send(ctx, queue.Fulfil, queue.Message{Tenant: w.Tenant, Request: uuid.NewString()}))
		}
	}
	lost(w, 1)
	fill(300)
	res, err := w.Steps.Wake.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, res.Due, "one look says nothing about how fast the queue is drained")
	w.Clock.Advance(61 * time.Second)
	res, err = w.Steps.Wake.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, due.Result{Rest: true}, res, "it is not drained at all")
	w.Host.Fetch()
	w.Host.Drop()
	w.Clock.Advance(61 * time.Second)
	res, err = w.Steps.Wake.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, res.Due, fmt.Sprint(res))
}

func TestAnImportIsWokenUnlessItIsClaimed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t)
	id := w.Clean.Imports.ID(w.Tenant, "list-1")
	_, _, err := w.Clean.Imports.Create(ctx, imports.Import{
		ID: id, Tenant: w.Tenant, Reference: "list-1", Caller: "tester", State: imports.Received, CreatedAt: w.Business.Now(),
		Wakes: map[retention.WakeKind]time.Time{retention.WakeBulk: w.Clock.Now().Add(time.Minute)},
	})
	require.NoError(t, err)
	messages := func() int {
		_, err := w.Steps.Wake.Run(ctx)
		require.NoError(t, err)
		w.Host.Fetch()
		n := len(w.Host.Waiting())
		w.Host.Drop()
		return n
	}
	require.Zero(t, messages())
	w.Clock.Advance(2 * time.Minute)
	require.Equal(t, 1, messages())
	require.Zero(t, messages())

	w.Clock.Advance(2 * time.Minute)
	b, err := w.Clean.Imports.Load(ctx, w.Tenant, id)
	require.NoError(t, err)
	cl, err := w.Clean.Imports.Claim(ctx, b, "importer")
	require.NoError(t, err)
	require.Zero(t, messages())
	require.NoError(t, cl.Check(ctx), "the sweep took nothing from the importer")
	w.Clock.Advance(time.Minute)
	require.Equal(t, 1, messages())
}
