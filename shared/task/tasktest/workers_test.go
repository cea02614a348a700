package tasktest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// Two last tasks that end at the same moment: one of them goes on to the package, and only one.
func TestTwoLastTasksFinishTogether(t *testing.T) {
	t.Parallel()
	want := through(t, "alpha", "beta")
	w := tasktest.New(t, "alpha", "beta")
	id := w.Submit(dsr.Access, dsr.Export)
	w.Host.DrainTo(id, dsr.Fulfilling)
	_, err := w.Host.Next()
	require.NoError(t, err)
	_, err = w.Host.Next()
	require.NoError(t, err)
	last := w.Host.Waiting()
	require.Len(t, last, 2)
	w.Host.Drop()

	// The first commit of each waits until the other one is there as well.
	var both sync.WaitGroup
	both.Add(2)
	arm := func() { both.Done(); both.Wait() }
	commit := func(c storetest.Call) bool { return c.Batch && c.Is("table", "requests") }
	w.Faults.Add(storetest.Fault{Match: commit, Action: storetest.Pass, Times: 1, Before: arm})
	w.Faults.Add(storetest.Fault{Match: commit, Action: storetest.Pass, Times: 1, Before: arm})
	var done sync.WaitGroup
	errs := make([]error, 2)
	for i, d := range last {
		done.Go(func() { errs[i] = w.Fulfil.Run(context.Background(), d.Message) })
	}
	done.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	require.Equal(t, dsr.Assembling, w.Load(id).State)
	w.Host.Fetch()
	require.Len(t, w.Host.Waiting(), 1)
	w.Host.Finish(id)
	require.Empty(t, cmp.Diff(want, w.Look(id)))
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
	m := func(w *tasktest.World, id string) store.Message {
		return store.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"}
	}
	for name, second := range map[string]func(t *testing.T, w *tasktest.World, id string){
		"the claim is live": func(t *testing.T, w *tasktest.World, id string) {
			_, before := w.Systems["alpha"].Asked()
			require.NoError(t, w.Fulfil.Run(context.Background(), m(w, id)))
			_, after := w.Systems["alpha"].Asked()
			require.Equal(t, before, after)
			require.Equal(t, dsr.Fulfilling, w.Load(id).State)
		},
		"the lease is over and the other one ends the task": func(t *testing.T, w *tasktest.World, id string) {
			w.Clock.Advance(store.Lease + time.Second)
			require.NoError(t, w.Fulfil.Run(context.Background(), m(w, id)))
			require.Equal(t, dsr.Assembling, w.Load(id).State)
		},
		"the lease is over, and all the rest is done": func(t *testing.T, w *tasktest.World, id string) {
			w.Clock.Advance(store.Lease + time.Second)
			require.NoError(t, w.Fulfil.Run(context.Background(), m(w, id)))
			w.Host.Finish(id)
		},
		"the lease is over and the other one has only claimed": func(t *testing.T, w *tasktest.World, id string) {
			w.Clock.Advance(store.Lease + time.Second)
			_, err := w.Clean.Claim(context.Background(), w.Load(id), "alpha-export", "other")
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha")
			id := w.Submit(dsr.Export)
			w.Host.DrainTo(id, dsr.Fulfilling)
			w.Host.Drop()
			var then tasktest.Picture
			w.Systems["alpha"].OnPage = func(n int) error {
				if n == 1 {
					second(t, w, id)
					then = w.Look(id)
				}
				return nil
			}
			require.NoError(t, w.Fulfil.Run(context.Background(), m(w, id)))
			if name != "the claim is live" {
				require.Empty(t, cmp.Diff(then, w.Look(id)), "the loser changes nothing")
			}
			w.Host.Finish(id)
			require.Empty(t, cmp.Diff(want, w.Look(id)))
			require.Zero(t, w.Host.Failed)
		})
	}
}

// Two workers assemble the same package: the head names the archive that is there.
func TestTwoWorkersOnOnePackage(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.Assembling)
	w.Host.Drop()
	m := store.Message{Tenant: w.Tenant, Request: id, Task: "package"}
	once := false
	now := w.Deliver.Now
	w.Deliver.Now = func() time.Time {
		if !once {
			once = true
			w.Clock.Advance(store.Lease + time.Second)
			require.NoError(t, w.Deliver.Run(context.Background(), m))
			require.Equal(t, dsr.Completed, w.Load(id).State)
		}
		return now()
	}
	require.NoError(t, w.Deliver.Run(context.Background(), m))
	p := w.Look(id)
	require.Equal(t, dsr.Completed, p.State)
	require.Len(t, p.Records, 2*tasktest.Pages*2)
}
