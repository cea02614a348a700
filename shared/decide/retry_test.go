package decide_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// A service that the tenant declared waits for a person; the package does not.
func TestWhatPeopleDoByHand(t *testing.T) {
	t.Parallel()
	declare := func(r *dsr.Request) {
		r.Systems = append(r.Systems, "paper")
		r.Tasks = append(r.Tasks, dsr.Task{
			ID: "paper-export", System: "paper", Action: dsr.Export, State: dsr.TaskWaiting, Declared: true,
			Outcome: dsr.Outcome{Code: dsr.OutcomeManual, Reason: "Ask the archive.", Link: "https://intranet.contoso.example/archive"},
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
		require.Equal(t, dsr.StateWaiting, c.State)
		require.Equal(t, dsr.PackageReady, c.Package.State)
		require.NotContains(t, c.Wakes, retention.WakeRedeliver)
		require.Equal(t, dsr.StateCompleted, end(w, id, "paper-export", dsr.OutcomeDone).State)
	})
	t.Run("a declared service alone", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t)
		id := w.SubmitWith(declare, dsr.Export)
		require.Equal(t, dsr.StateWaiting, w.Host.Finish(id).State)
		require.Equal(t, dsr.StateCompleted, end(w, id, "paper-export", dsr.OutcomeNothingFound).State)
		w.Look(id)
	})
	t.Run("ended before the systems were", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		id := w.SubmitWith(declare, dsr.Export)
		w.Host.DrainTo(id, dsr.StateFulfilling)
		end(w, id, "paper-export", dsr.OutcomeRefused)
		require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
	})
	t.Run("while the package is being made", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha")
		id := w.SubmitWith(declare, dsr.Export)
		w.Host.DrainTo(id, dsr.StateAssembling)
		w.Rewire(func(o *pipeline.Options) {
			o.Clocks.Business = func() time.Time {
				if w.Load(id).Task("paper-export").State == dsr.TaskWaiting {
					end(w, id, "paper-export", dsr.OutcomeDone)
				}
				return w.Business.Now()
			}
		})
		require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
		require.Zero(t, w.Host.Failed)
		w.Look(id)
	})
	t.Run("a system that a person must help", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t, "alpha", "beta")
		w.Systems["alpha"].Outcome = dsr.Outcome{Code: dsr.OutcomeManual, Reason: "Run the tool."}
		id := w.Submit(dsr.Export)
		c := w.Host.Finish(id)
		require.Equal(t, dsr.StateWaiting, c.State)
		require.Equal(t, dsr.TaskWaiting, c.Task("alpha-export").State)
		require.Equal(t, dsr.StateCompleted, end(w, id, "alpha-export", dsr.OutcomeDone).State)
	})
}

// A retry opens the failed task alone. The package that follows has everything, also what the
// first one had.
func TestRetry(t *testing.T) {
	t.Parallel()
	want := tasktest.Through(t, "alpha", "beta")
	fails := func(w *tasktest.World) {
		w.Systems["alpha"].OnPage = func(n int) error {
			if n == 0 {
				return tasktest.Forbidden()
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
			_, err := w.Steps.Purge.Run(context.Background())
			require.NoError(t, err)
		}, []dsr.TaskID{"alpha-discover", "alpha-access", "alpha-export", "beta-discover", "beta-access", "beta-export"}, 5 * tasktest.Pages},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			fails(w)
			id := w.Submit(dsr.Access, dsr.Export)
			require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
			require.Less(t, len(w.Look(id).Records), len(want.Records))
			tc.between(w, id)
			require.Equal(t, tc.again, w.Load(id).Retryable())
			_, before := w.Systems["beta"].Asked()
			w.Retry(id)
			require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
			p := w.Look(id)
			require.Empty(t, cmp.Diff(want.Records, p.Records))
			require.Empty(t, cmp.Diff(want.Files, p.Files))
			require.Zero(t, p.Parts)
			_, after := w.Systems["beta"].Asked()
			require.Equal(t, tc.pages, after-before)
			require.Empty(t, w.Load(id).Retryable())
		})
	}
	for _, at := range []dsr.State{dsr.StateDiscovering, dsr.StateFulfilling, dsr.StateAssembling} {
		t.Run("when the package's retention ends while it is "+string(at), func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			fails(w)
			id := w.Submit(dsr.Access, dsr.Export)
			first := w.Host.Finish(id)
			w.Retry(id)
			w.Host.DrainTo(id, at)
			w.Business.Advance(tasktest.Retention + time.Hour)
			_, err := w.Steps.Purge.Run(context.Background())
			require.NoError(t, err)
			require.Equal(t, []string{first.Package.Place.Name}, w.Blobs(retention.Packages), "the next one takes from it what it holds")
			c := w.Host.Finish(id)
			require.Equal(t, dsr.StateCompleted, c.State)
			require.Equal(t, first.AnsweredAt, c.AnsweredAt, "the first answer ended the legal clock")
			require.Equal(t, []string{c.Package.Place.Name}, w.Blobs(retention.Packages))
			require.Empty(t, cmp.Diff(want.Records, w.Look(id).Records))
		})
	}
	t.Run("and cancelled: the former package is kept to its end", func(t *testing.T) {
		t.Parallel()
		for _, at := range []dsr.State{dsr.StateFulfilling, dsr.StateAssembling} {
			w := tasktest.New(t, "alpha", "beta")
			fails(w)
			id := w.Submit(dsr.Access)
			w.Host.Finish(id)
			w.Retry(id)
			w.Host.DrainTo(id, at)
			w.Cancel(id)
			w.Business.Advance(tasktest.Retention + time.Hour)
			_, err := w.Steps.Purge.Run(context.Background())
			require.NoError(t, err)
			require.Empty(t, w.Blobs(retention.Packages))
			require.Empty(t, w.Blobs(retention.Parts))
			require.Empty(t, w.Look(id).Wakes)
		}
	})
}
