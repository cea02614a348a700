package fulfil_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// slow makes a page of the system take a while, and parts so large that only a minute or the end of
// an invocation closes one.
func slow(w *tasktest.World, pages int, page time.Duration) {
	w.Rewire(func(o *pipeline.Options) { o.PartSize = 0 })
	w.Systems["alpha"].Pages = pages
	w.Systems["alpha"].OnPage = func(int) error {
		w.Clock.Advance(page)
		return nil
	}
}

// calmly is the picture of an export of so many pages of a quick system.
func calmly(t *testing.T, pages int) tasktest.Picture {
	t.Helper()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].Pages = pages
	id := w.Submit(dsr.Export)
	w.Host.Finish(id)
	return look(w, id)
}

// look is the picture of a request after the purge has looked for parts that no task names, without
// the names of files: how many there are follows from how often a part was closed.
func look(w *tasktest.World, id string) tasktest.Picture {
	w.T.Helper()
	w.Business.Advance(retention.LookAgain)
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(w.T, err)
	p := w.Look(id)
	p.Files = nil
	return p
}

// An export that takes 39 minutes needs ten invocations of four minutes. Each of them stores what
// it has and sends the message for the next one.
func TestAnExportThatNeedsTenBudgets(t *testing.T) {
	t.Parallel()
	want := calmly(t, 39)
	for name, change := range map[string]func(w *tasktest.World, id string){
		"calm":                     func(*tasktest.World, string) {},
		"every message is doubled": func(w *tasktest.World, _ string) { w.Host.Twice = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha")
			slow(w, 39, 30*time.Second)
			id := w.Submit(dsr.Export)
			w.Host.DrainTo(id, dsr.StateFulfilling)
			change(w, id)
			invocations := 0
			for w.Load(id).State == dsr.StateFulfilling {
				before := w.Clock.Now()
				more, err := w.Host.Next()
				require.NoError(t, err)
				require.True(t, more, "no wake is needed")
				took := w.Clock.Now().Sub(before)
				require.Less(t, took, budget.Of(10*time.Minute).Stop)
				if took > 0 {
					invocations++
				}
				claim := w.Load(id).Task("alpha-export").Claim
				require.LessOrEqual(t, claim.Count, 1, "no invocation counts as an attempt without progress")
				require.Zero(t, claim.Faults)
				require.False(t, claim.Rests(w.Clock.Now()))
			}
			require.Equal(t, 10, invocations)
			w.Host.Drain()
			require.Zero(t, w.Host.Failed)
			require.Empty(t, cmp.Diff(want, look(w, id)), "records, queries and events are neither lost nor doubled")
		})
	}
}

// The message that an invocation sends to itself is lost: the wake of the request brings the task
// back.
func TestTheMessageOfAYieldIsLost(t *testing.T) {
	t.Parallel()
	want := calmly(t, 8)
	w := tasktest.New(t, "alpha")
	slow(w, 8, 2*time.Minute)
	lost := 0
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	w.Host.Lose = func(d tasktest.Delivery) bool {
		lost++
		return d.Queue == queue.Fulfil && lost%2 == 1
	}
	w.Host.Finish(id)
	require.Greater(t, lost, 8)
	require.Empty(t, cmp.Diff(want, look(w, id)))
}

// The process dies after any of its calls. Whatever the last one was, the export ends the same.
func TestAYieldIsKilled(t *testing.T) {
	t.Parallel()
	want := calmly(t, 2)
	for n := 0; ; n++ {
		w := tasktest.New(t, "alpha")
		slow(w, 2, 2*time.Minute)
		id := w.Submit(dsr.Export)
		w.Host.DrainTo(id, dsr.StateFulfilling)
		revive := w.Faults.Add(storetest.Fault{Action: storetest.Lost, Skip: n})
		_, _ = w.Host.Next()
		revive()
		died := w.Faults.Met() > 0
		if n%2 == 1 {
			w.Host.Fetch()
			w.Host.Drop()
		}
		w.Host.Finish(id)
		require.Empty(t, cmp.Diff(want, look(w, id)), "dead after %d calls", n)
		w.Forget()
		if !died {
			return
		}
	}
}

// The write that releases the claim is lost, done and reported as failed, or arrives when another
// worker has the task.
func TestTheWriteOfAYield(t *testing.T) {
	t.Parallel()
	want := calmly(t, 4)
	for name, action := range map[string]storetest.Action{
		"lost": storetest.Lost, "done and reported as failed": storetest.DoneButFailed, "busy": storetest.Throttled, "late": storetest.Late,
	} {
		for _, tries := range []int{1, 0} {
			t.Run(name+map[int]string{1: ", once", 0: ", every try"}[tries], func(t *testing.T) {
				t.Parallel()
				w := tasktest.New(t, "alpha")
				slow(w, 4, 2*time.Minute)
				id := w.Submit(dsr.Export)
				w.Host.DrainTo(id, dsr.StateFulfilling)
				yields := func(c storetest.Call) bool {
					return c.Is("table", "requests") && c.Write() && !c.Batch && released(c.Body)
				}
				over := w.Faults.Add(storetest.Fault{Action: action, Times: tries, Match: yields})
				_, err := w.Host.Next()
				over()
				require.Positive(t, w.Faults.Met())
				require.Equal(t, tries == 0 && action != storetest.DoneButFailed, err != nil, "%v", err)
				w.Systems["alpha"].OnPage = func(n int) error {
					w.Clock.Advance(2 * time.Minute)
					if n == 3 {
						w.Faults.Arrive(t) // the row has changed meanwhile: it is refused
					}
					return nil
				}
				w.Host.Finish(id)
				require.Empty(t, cmp.Diff(want, look(w, id)))
			})
		}
	}
}

// released reports whether the body of a write of a task's row has no owner of a claim.
func released(body string) bool {
	return strings.Contains(body, `"owner":""`) || body != "" && !strings.Contains(body, `"owner":`)
}

// A system that hands over empty pages only is slow, too: its cursor is kept.
func TestEmptyPagesAreProgress(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	slow(w, 4, 5*time.Minute)
	w.Systems["alpha"].Empty = true
	id := w.Submit(dsr.Export)
	w.Host.Drain()
	require.Zero(t, w.Host.Failed)
	c := w.Load(id)
	require.Equal(t, dsr.StateCompleted, c.State)
	require.Equal(t, dsr.OutcomeDone, c.Task("alpha-export").Outcome.Code)
	_, pages := w.Systems["alpha"].Asked()
	require.Equal(t, 2*4, pages, "no page is read twice")
	require.Empty(t, w.Look(id).Records)
}

// A page that takes longer than a whole budget is an attempt without progress: the task rests, and
// ends as failed after the tenth.
func TestAPageThatNeverComes(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	w.Rewire(func(o *pipeline.Options) { o.Budget.Stop = 50 * time.Millisecond })
	w.Systems["alpha"].Hangs = true
	_, err := w.Host.Next()
	require.NoError(t, err, "no failed invocation")
	claim := w.Load(id).Task("alpha-export").Claim
	require.Equal(t, 1, claim.Faults)
	require.True(t, claim.Rests(w.Clock.Now()))
	for w.Load(id).State == dsr.StateFulfilling {
		w.Clock.Advance(time.Hour)
		w.Host.Pass(time.Minute)
	}
	c := w.Load(id)
	require.Zero(t, w.Host.Failed)
	require.Equal(t, dsr.OutcomeFailed, c.Task("alpha-export").Outcome.Code)
	require.Equal(t, "alpha handed over nothing in 10 attempts, in each of which the time ran out. Retry when it is faster.",
		c.Task("alpha-export").Outcome.Reason)
}
