package task_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// act is one invocation that something happens to.
type act struct {
	name    string
	prepare func(*tasktest.World, string)
	run     func(*tasktest.World)
}

func next(w *tasktest.World) { _, _ = w.Host.Next() }

func acts() []act {
	to := func(s dsr.State) func(*tasktest.World, string) {
		return func(w *tasktest.World, id string) { w.Host.DrainTo(id, s) }
	}
	month := func(w *tasktest.World, id string) {
		w.Host.Finish(id)
		w.Business.Advance(tasktest.Retention + time.Hour)
	}
	return []act{
		{"discover", func(*tasktest.World, string) {}, next},
		{"export", to(dsr.StateFulfilling), next},
		{"all in one invocation", func(w *tasktest.World, _ string) { w.GoOn() }, next},
		{"export in one part", func(w *tasktest.World, id string) {
			// Its last part is recorded with the end.
			w.Rewire(func(o *pipeline.Options) { o.PartSize = 0 })
			w.Host.DrainTo(id, dsr.StateFulfilling)
		}, next},
		{"assemble", func(w *tasktest.World, id string) {
			w.Systems["alpha"].Pages = 1
			w.Tenants[0].Package.Formats = nil
			w.Host.DrainTo(id, dsr.StateAssembling)
		}, next},
		{"wake", func(w *tasktest.World, _ string) {
			w.Host.Fetch()
			w.Host.Drop()
			w.Clock.Advance(2 * time.Minute)
		}, func(w *tasktest.World) { _, _ = w.Steps.Wake.Run(context.Background()) }},
		{"purge", month, func(w *tasktest.World) { _, _ = w.Steps.Purge.Run(context.Background()) }},
	}
}

// finish lets everything go on without faults until the request has ended and everything that
// is due is purged, the second look at what was deleted included.
func finish(w *tasktest.World, id string) tasktest.Picture {
	w.T.Helper()
	w.Host.Finish(id)
	w.Business.Advance(retention.LookAgain)
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(w.T, err)
	p := w.Look(id)
	return p
}

// The end is the same whatever call is the last one that a process makes. The message comes
// back, or its wake does when the message is lost as well.
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	for _, a := range acts() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			want := calm(t, a)
			step := 1
			// the race detector looks for races, and needs every third death only
			if testing.Short() {
				step = 3
			}
			for n := 0; crash(t, a, n, want); n += step {
			}
		})
	}
}

// calm is how the act ends when nothing goes wrong.
func calm(t *testing.T, a act) tasktest.Picture {
	t.Helper()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	a.prepare(w, id)
	a.run(w)
	return finish(w, id)
}

// crash runs the act in a process that dies after n calls and reports whether it came to that.
func crash(t *testing.T, a act, n int, want tasktest.Picture) bool {
	t.Helper()
	w := tasktest.New(t, "alpha")
	defer w.Forget()
	id := w.Submit(dsr.Export)
	a.prepare(w, id)
	revive := w.Faults.Add(storetest.Fault{Action: storetest.Lost, Skip: n, Match: func(c storetest.Call) bool {
		// what a sweep reads of its shards changes nothing
		return c.Write() || !c.Is("table", "lists")
	}})
	a.run(w)
	revive()
	if n%2 == 1 {
		w.Host.Fetch()
		w.Host.Drop()
	}
	require.Empty(t, cmp.Diff(want, finish(w, id)), fmt.Sprintf("dead after %d calls", n))
	return w.Faults.Met() > 0
}

// Each write meets a fault once and the SDK tries it again. A writer must recognise a write of
// its own that was done and reported as failed.
func TestEveryWriteMeetsAFault(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]storetest.Action{
		"lost": storetest.Lost, "done and reported as failed": storetest.DoneButFailed, "busy": storetest.Throttled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := act{prepare: func(w *tasktest.World, id string) { w.Host.Finish(id) }, run: func(w *tasktest.World) {
				w.Business.Advance(tasktest.Retention + time.Hour)
			}}
			want := calm(t, all)
			w := tasktest.New(t, "alpha")
			id := w.Submit(dsr.Export)
			met := map[string]int{}
			var mu sync.Mutex
			defer w.Faults.Add(storetest.Fault{Action: action, Match: func(c storetest.Call) bool {
				if !c.Write() {
					return false
				}
				mu.Lock()
				defer mu.Unlock()
				call := c.Method + c.Path + c.Body
				if c.Batch { // each try has a boundary of its own
					call = c.Resource + strconv.Itoa(len(c.Body))
				}
				met[call]++
				return met[call]%2 == 1
			}})()
			all.prepare(w, id)
			all.run(w)
			require.Empty(t, cmp.Diff(want, finish(w, id)))
			require.Zero(t, w.Host.Failed)
			require.Greater(t, w.Faults.Met(), 20)
		})
	}
}
