package fulfil_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// An export that is cancelled in the middle stops within 7 seconds, with the page that is under
// way, and writes nothing afterwards.
func TestACancelledExportStops(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].Pages = 6
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	w.Systems["alpha"].OnPage = func(n int) error {
		if n == 2 {
			w.Cancel(id)
			w.Clock.Advance(lease.RenewEvery)
		}
		return nil
	}
	w.Host.Drain()
	require.Zero(t, w.Host.Failed)
	after := w.Look(id)
	require.Equal(t, dsr.StateCancelled, after.State)
	_, pages := w.Systems["alpha"].Asked()
	require.Equal(t, 3, pages, "the page that was under way, and no other")
	require.LessOrEqual(t, after.Parts, 2*2)

	w.Host.Put(queue.Fulfil, queue.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"})
	w.Host.Pass(3 * time.Minute)
	require.Empty(t, cmp.Diff(after, w.Look(id)), "nothing more is written")

	w.Business.Advance(retention.LookAgain)
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(t, err)
	left := w.Look(id)
	require.Zero(t, left.Parts, "what it had read is deleted")
	require.Empty(t, left.Wakes)
	require.Empty(t, w.Blobs(retention.Packages))
}

func TestTheBusinessClockDoesNotMoveRedelivery(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	w.Host.Drop()
	w.Business.Advance(400 * 24 * time.Hour) // retention and law move, redelivery does not
	w.Host.Drain()
	require.Equal(t, dsr.StateFulfilling, w.Load(id).State)
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
}

// A system that gives a page and then stops again is slow, but not dead. What it gave is
// kept, and its faults are not added up.
func TestASlowSystemIsReadToTheEnd(t *testing.T) {
	t.Parallel()
	calm := tasktest.New(t, "alpha")
	calm.Systems["alpha"].Pages = 12
	cid := calm.Submit(dsr.Export)
	calm.Host.Finish(cid)

	w := tasktest.New(t, "alpha")
	// Parts are so large that only the end of an attempt stores one.
	w.Rewire(func(o *pipeline.Options) { o.PartSize = 0 })
	w.Systems["alpha"].Pages = 12
	w.Systems["alpha"].OnPage = func(n int) error { return tasktest.Unavailable(n%2, 1) }
	id := w.Submit(dsr.Export)
	w.Host.Finish(id)
	got, want := w.Look(id), calm.Look(cid)
	require.Equal(t, dsr.OutcomeDone, w.Load(id).Task("alpha-export").Outcome.Code)
	require.Empty(t, cmp.Diff(want.Records, got.Records))
	require.Empty(t, cmp.Diff(want.Tasks, got.Tasks))
	require.Empty(t, cmp.Diff(want.Events, got.Events), "queries are neither lost nor doubled")
}

func TestARecordThatCannotBeKeptFailsItsTask(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.Systems["alpha"].Kind = "nonsense"
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	require.Zero(t, w.Host.Failed)
	require.Equal(t, dsr.StateCompleted, c.State)
	require.Equal(t, dsr.OutcomeFailed, c.Task("alpha-export").Outcome.Code)
	require.Contains(t, c.Task("alpha-export").Outcome.Reason, "nonsense")
}

// A message that is delivered twice at the same time meets a live claim and ends.
func TestTwoWorkersOnOneTask(t *testing.T) {
	t.Parallel()
	want := func() tasktest.Picture {
		w := tasktest.New(t, "alpha")
		id := w.Submit(dsr.Export)
		w.Host.Finish(id)
		return w.Look(id)
	}()
	m := func(w *tasktest.World, id string) queue.Message {
		return queue.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"}
	}
	for name, second := range map[string]func(t *testing.T, w *tasktest.World, id string){
		"the claim is live": func(t *testing.T, w *tasktest.World, id string) {
			_, before := w.Systems["alpha"].Asked()
			require.NoError(t, w.Steps.Runner.Run(context.Background(), m(w, id)))
			_, after := w.Systems["alpha"].Asked()
			require.Equal(t, before, after)
			require.Equal(t, dsr.StateFulfilling, w.Load(id).State)
		},
		"the lease is over and the second worker ends the task": func(t *testing.T, w *tasktest.World, id string) {
			w.Clock.Advance(lease.Length + time.Second)
			require.NoError(t, w.Steps.Runner.Run(context.Background(), m(w, id)))
			require.Equal(t, dsr.StateAssembling, w.Load(id).State)
		},
		"the lease is over and the request is completed": func(t *testing.T, w *tasktest.World, id string) {
			w.Clock.Advance(lease.Length + time.Second)
			require.NoError(t, w.Steps.Runner.Run(context.Background(), m(w, id)))
			w.Host.Finish(id)
		},
		"the lease is over and the second worker has only claimed": func(t *testing.T, w *tasktest.World, id string) {
			w.Clock.Advance(lease.Length + time.Second)
			_, err := w.Clean.Claim(context.Background(), w.Load(id), "alpha-export", "other")
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha")
			id := w.Submit(dsr.Export)
			w.Host.DrainTo(id, dsr.StateFulfilling)
			w.Host.Drop()
			var then tasktest.Picture
			w.Systems["alpha"].OnPage = func(n int) error {
				if n == 1 {
					// The first part is recorded in the background, which renews the lease.
					recorded := func() bool { return len(w.Load(id).Task("alpha-export").Parts) == 1 }
					require.Eventually(t, recorded, 10*time.Second, time.Millisecond)
					second(t, w, id)
					then = w.Look(id)
				}
				return nil
			}
			require.NoError(t, w.Steps.Runner.Run(context.Background(), m(w, id)))
			if name != "the claim is live" {
				require.Empty(t, cmp.Diff(then, w.Look(id)), "the loser changes nothing")
			}
			w.Host.Finish(id)
			require.Empty(t, cmp.Diff(want, w.Look(id)))
			require.Zero(t, w.Host.Failed)
		})
	}
}
