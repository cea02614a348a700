package tasktest_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func TestTwoPeopleAreNeverMerged(t *testing.T) {
	t.Parallel()
	two := func(a, b string) *connector.Discovery {
		return &connector.Discovery{Candidates: []dsr.Candidate{
			{System: "alpha", ObjectID: a, Matched: []string{dsr.Email}}, {System: "alpha", ObjectID: b, Matched: []string{dsr.Phone}},
		}}
	}
	for name, spoil := range map[string]func(*tasktest.World){
		"two people match":             func(w *tasktest.World) { w.Systems["alpha"].Found = two("one", "two") },
		"one of two systems finds two": func(w *tasktest.World) { w.Systems["beta"].Found = two("one", "two") },
		"both systems find two": func(w *tasktest.World) {
			w.Systems["alpha"].Found, w.Systems["beta"].Found = two("one", "two"), two("one", "three")
		},
		"identifiers contradict, one is deleted": func(w *tasktest.World) {
			d := two("one", "two")
			d.Candidates[1].State = "deleted"
			w.Systems["alpha"].Found = d
		},
		"and another system may not be looked at": func(w *tasktest.World) {
			w.Systems["alpha"].Found = two("one", "two")
			w.Systems["beta"].OnDiscover = func(n int) error {
				if n == 0 {
					return forbidden()
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			spoil(w)
			id := w.Submit(dsr.Export)
			c := w.Host.Finish(id)
			require.Equal(t, dsr.NeedsDecision, c.State)
			require.NotContains(t, c.Wakes, store.WakeRedeliver)
			p, err := c.Private(context.Background())
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(p.Candidates), 2)
			w.Host.Pass(3 * time.Minute)
			require.Equal(t, dsr.NeedsDecision, w.Load(id).State, "nobody but a person goes on")

			for _, s := range w.Systems {
				s.Found = nil
			}
			p.Subject.Decided, p.Candidates = pii.New("one"), nil
			var again []dsr.TaskID
			for _, task := range c.Tasks {
				if task.Action == dsr.Discover {
					again = append(again, task.ID)
				}
			}
			w.Change(id, store.Change{
				Events: []dsr.Event{{Type: dsr.EventDecided, At: w.Business.Now(), By: "tester", Tasks: again}}, Private: &p,
				Wakes: map[store.WakeKind]time.Time{store.WakeRedeliver: w.Clock.Now().Add(task.Redeliver)},
			})
			c = w.Host.Finish(id)
			require.Equal(t, dsr.Completed, c.State)
			for name, s := range w.Systems {
				looked := s.Looked()
				require.Equal(t, "one", looked[len(looked)-1].Decided.Reveal())
				require.Equal(t, dsr.Done, c.Task(dsr.NewTaskID(name, dsr.Export)).Outcome.Code)
			}
			w.Look(id)
		})
	}
}

// What was cancelled in the middle of an export stops with the page, and nothing of it is written afterwards.
func TestACancelledExportStops(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].Pages = 6
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.Fulfilling)
	w.Systems["alpha"].OnPage = func(n int) error {
		if n == 2 {
			w.Cancel(id)
		}
		return nil
	}
	w.Host.Drain()
	require.Zero(t, w.Host.Failed)
	after := w.Look(id)
	require.Equal(t, dsr.Cancelled, after.State)
	_, pages := w.Systems["alpha"].Asked()
	require.Equal(t, 3, pages, "the page that was on its way, and no further one")
	require.LessOrEqual(t, after.Parts, 2*2)

	w.Host.Put(store.QueueFulfil, store.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"})
	w.Host.Pass(3 * time.Minute)
	require.Empty(t, cmp.Diff(after, w.Look(id)), "nothing is written any more")

	w.Business.Advance(3 * time.Minute)
	_, err := w.Sweep.Purge(context.Background())
	require.NoError(t, err)
	left := w.Look(id)
	require.Zero(t, left.Parts, "what it had read is deleted")
	require.Empty(t, left.Wakes)
	require.Empty(t, w.Blobs(store.Packages))
}

func TestACancelledAssemblyLeavesNoPackage(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.Assembling)
	w.Deliver.Now = func() time.Time { // asked in the middle, and again once the package is there
		if c := w.Load(id); c.State == dsr.Assembling && len(w.Blobs(store.Packages)) > 0 {
			w.Cancel(id)
		}
		return w.Business.Now()
	}
	w.Host.Drain()
	require.Equal(t, dsr.Cancelled, w.Load(id).State)
	require.Len(t, w.Blobs(store.Packages), 1, "nobody knows of it")
	w.Business.Advance(time.Hour)
	_, err := w.Sweep.Purge(context.Background())
	require.NoError(t, err)
	require.Empty(t, w.Blobs(store.Packages))
	require.Empty(t, w.Blobs(store.Parts))
}

// A service that the tenant declared waits for a person; the package does not.
func TestWhatPeopleDoByHand(t *testing.T) {
	t.Parallel()
	declare := func(r *dsr.Request) {
		r.Systems = append(r.Systems, "paper")
		r.Tasks = append(r.Tasks, dsr.Task{
			ID: "paper-export", System: "paper", Action: dsr.Export, State: dsr.TaskWaiting, Declared: true,
			Outcome: dsr.Outcome{Code: dsr.Manual, Reason: "Ask the archive.", Link: "https://intranet.contoso.example/archive"},
		})
	}
	end := func(w *tasktest.World, id string, task dsr.TaskID, code dsr.OutcomeCode) *store.Case {
		return w.Change(id, store.Change{Reason: pii.New("sent by post"), Events: []dsr.Event{{
			Type: dsr.EventTaskEnded, At: w.Business.Now(), By: "tester", Task: task, Outcome: &dsr.Outcome{Code: code, Reason: "By hand."},
		}}})
	}
	t.Run("a declared service beside a system", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		id := w.SubmitWith(declare, dsr.Export)
		c := w.Host.Finish(id)
		require.Equal(t, dsr.Waiting, c.State)
		require.Equal(t, dsr.PackageReady, c.Package.State)
		require.NotContains(t, c.Wakes, store.WakeRedeliver)
		require.Equal(t, dsr.Completed, end(w, id, "paper-export", dsr.Done).State)
	})
	t.Run("a declared service alone", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t)
		id := w.SubmitWith(declare, dsr.Export)
		require.Equal(t, dsr.Waiting, w.Host.Finish(id).State)
		require.Equal(t, dsr.Completed, end(w, id, "paper-export", dsr.NothingFound).State)
		w.Look(id)
	})
	t.Run("ended before the systems were", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		id := w.SubmitWith(declare, dsr.Export)
		w.Host.DrainTo(id, dsr.Fulfilling)
		end(w, id, "paper-export", dsr.Refused)
		require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
	})
	t.Run("while the package is being made", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		id := w.SubmitWith(declare, dsr.Export)
		w.Host.DrainTo(id, dsr.Assembling)
		w.Deliver.Now = func() time.Time {
			if w.Load(id).Task("paper-export").State == dsr.TaskWaiting {
				end(w, id, "paper-export", dsr.Done)
			}
			return w.Business.Now()
		}
		require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
		require.Zero(t, w.Host.Failed)
		w.Look(id)
	})
	t.Run("a system that a person must help", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha", "beta")
		w.Systems["alpha"].Outcome = dsr.Outcome{Code: dsr.Manual, Reason: "Run the tool."}
		id := w.Submit(dsr.Export)
		c := w.Host.Finish(id)
		require.Equal(t, dsr.Waiting, c.State)
		require.Equal(t, dsr.TaskWaiting, c.Task("alpha-export").State)
		require.Equal(t, dsr.Completed, end(w, id, "alpha-export", dsr.Done).State)
	})
}

// A retry opens the failed task alone; the package that follows has everything, also what the first one had.
func TestRetry(t *testing.T) {
	t.Parallel()
	want := through(t, "alpha", "beta")
	fails := func(w *tasktest.World) {
		w.Systems["alpha"].OnPage = func(n int) error {
			if n == 0 {
				return forbidden()
			}
			return nil
		}
	}
	for name, tc := range map[string]struct {
		between func(w *tasktest.World, id string)
		again   []dsr.TaskID
		pages   int // that beta is asked for again
	}{
		"at once": {func(*tasktest.World, string) {}, []dsr.TaskID{"alpha-discover", "alpha-access"}, 0},
		"after the package's retention": {func(w *tasktest.World, _ string) {
			w.Business.Advance(tasktest.Retention + time.Hour)
			_, err := w.Sweep.Purge(context.Background())
			require.NoError(t, err)
		}, []dsr.TaskID{"alpha-discover", "alpha-access", "alpha-export", "beta-discover", "beta-access", "beta-export"}, 5 * tasktest.Pages},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			fails(w)
			id := w.Submit(dsr.Access, dsr.Export)
			require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
			require.Less(t, len(w.Look(id).Records), len(want.Records))
			tc.between(w, id)
			require.Equal(t, tc.again, w.Load(id).Retryable())
			_, before := w.Systems["beta"].Asked()
			w.Retry(id)
			require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
			p := w.Look(id)
			require.Empty(t, cmp.Diff(want.Records, p.Records))
			require.Empty(t, cmp.Diff(want.Files, p.Files))
			require.Zero(t, p.Parts)
			_, after := w.Systems["beta"].Asked()
			require.Equal(t, tc.pages, after-before)
			require.Empty(t, w.Load(id).Retryable())
		})
	}
	t.Run("when the package's retention ends while it runs", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha", "beta")
		fails(w)
		id := w.Submit(dsr.Access, dsr.Export)
		w.Host.Finish(id)
		w.Retry(id)
		w.Host.DrainTo(id, dsr.Fulfilling)
		w.Business.Advance(tasktest.Retention + time.Hour)
		_, err := w.Sweep.Purge(context.Background())
		require.NoError(t, err)
		require.Empty(t, w.Blobs(store.Packages))
		require.Equal(t, dsr.FailedState, w.Host.Finish(id).State, "no package rather than half of one")
		w.Retry(id)
		require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
		require.Empty(t, cmp.Diff(want.Records, w.Look(id).Records))
	})
	t.Run("and cancelled: the former package is kept to its end", func(t *testing.T) {
		t.Parallel()
		for _, at := range []dsr.State{dsr.Fulfilling, dsr.Assembling} {
			w := tasktest.New(t, "alpha", "beta")
			fails(w)
			id := w.Submit(dsr.Access)
			w.Host.Finish(id)
			w.Retry(id)
			w.Host.DrainTo(id, at)
			w.Cancel(id)
			w.Business.Advance(tasktest.Retention + time.Hour)
			_, err := w.Sweep.Purge(context.Background())
			require.NoError(t, err)
			require.Empty(t, w.Blobs(store.Packages))
			require.Empty(t, w.Blobs(store.Parts))
			require.Empty(t, w.Look(id).Wakes)
		}
	})
}

// A package that cannot be made is no end: what was read is deleted, and a retry reads it again.
func TestARequestWhosePackageCannotBeMade(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.SubmitWith(func(r *dsr.Request) { r.Dest = "legal" }, dsr.Export)
	c := w.Host.Finish(id)
	require.Equal(t, dsr.FailedState, c.State)
	require.Contains(t, c.Task(dsr.PackageTask).Outcome.Reason, "destination")
	_, err := w.Sweep.Purge(context.Background())
	require.NoError(t, err)
	p := w.Look(id)
	require.Zero(t, p.Parts)
	require.Empty(t, p.Wakes)

	w.Destinations["legal"] = store.Ref{Container: store.Results}
	w.Retry(id)
	require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
	require.Len(t, w.Look(id).Records, 2*tasktest.Pages*2)
	require.Len(t, w.Blobs(store.Results), 1)
	w.Business.Advance(tasktest.Retention + time.Hour)
	_, err = w.Sweep.Purge(context.Background())
	require.NoError(t, err)
	require.Empty(t, w.Blobs(store.Results), "a package in another container expires as well")
	require.Equal(t, dsr.PackageExpired, w.Load(id).Package.State)
}
