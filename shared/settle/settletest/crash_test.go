package settletest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/settle/settletest"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func unavailable(n, times int) error {
	if n < times {
		return &connector.Fault{Kind: connector.Unavailable, System: "alpha", Status: 503}
	}
	return nil
}

// act is one invocation that something happens to.
type act struct {
	name    string
	prepare func(*settletest.World, string)
	run     func(*settletest.World)
}

func next(w *settletest.World) { _, _ = w.Host.Next() }

func acts() []act {
	to := func(s dsr.State) func(*settletest.World, string) {
		return func(w *settletest.World, id string) { w.Host.DrainTo(id, s) }
	}
	month := func(w *settletest.World, id string) {
		w.Host.Finish(id)
		w.Business.Advance(settletest.Retention + time.Hour)
	}
	return []act{
		{"discover", func(*settletest.World, string) {}, next},
		{"first export", to(dsr.Exporting), next},
		{"last export", func(w *settletest.World, id string) { w.Host.DrainTo(id, dsr.Exporting); next(w) }, next},
		{"assemble", to(dsr.Assembling), next},
		{"wake", func(w *settletest.World, _ string) {
			w.Host.Fetch()
			w.Host.Drop()
			w.Clock.Advance(2 * time.Minute)
		}, func(w *settletest.World) { _, _ = w.Sweep.Wakes(context.Background()) }},
		{"purge", month, func(w *settletest.World) { _, _ = w.Sweep.Purge(context.Background()) }},
	}
}

// finish lets everything go on without faults until the request has ended, and everything is purged that is due.
func finish(w *settletest.World, id string) settletest.Picture {
	w.T.Helper()
	w.Host.Finish(id)
	_, err := w.Sweep.Purge(context.Background())
	require.NoError(w.T, err)
	p := w.Look(id)
	return p
}

// Whatever call is the last one that a process makes, the end is the same.
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	write := func(c storetest.Call) bool { return c.Write() }
	for _, mode := range []struct {
		name  string
		fault func(n int) storetest.Fault
		lose  bool // the message does not come back either
	}{
		{"killed", func(n int) storetest.Fault { return storetest.Fault{Action: storetest.Lost, Skip: n} }, false},
		{"killed and its message lost", func(n int) storetest.Fault { return storetest.Fault{Action: storetest.Lost, Skip: n} }, true},
		{"write done, answer lost", func(n int) storetest.Fault {
			return storetest.Fault{Action: storetest.DoneButFailed, Match: write, Skip: n, Times: 1}
		}, false},
		{"write lost once", func(n int) storetest.Fault {
			return storetest.Fault{Action: storetest.Lost, Match: write, Skip: n, Times: 1}
		}, false},
	} {
		for _, a := range acts() {
			t.Run(mode.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				calm := settletest.New(t, "alpha")
				id := calm.Submit(dsr.Access, dsr.Export)
				a.prepare(calm, id)
				a.run(calm)
				want := finish(calm, id)
				for n := 0; ; n++ {
					if !crash(t, a, mode.fault(n), mode.lose, want) {
						require.Positive(t, n)
						return
					}
				}
			})
		}
	}
}

// crash runs the act with a fault and reports whether the fault was met.
func crash(t *testing.T, a act, f storetest.Fault, lose bool, want settletest.Picture) bool {
	t.Helper()
	w := settletest.New(t, "alpha")
	id := w.Submit(dsr.Access, dsr.Export)
	a.prepare(w, id)
	revive := w.Faults.Add(f)
	a.run(w)
	revive()
	if lose {
		w.Host.Fetch()
		w.Host.Drop()
	}
	require.Empty(t, cmp.Diff(want, finish(w, id)), fmt.Sprintf("fault at call %d", f.Skip+1))
	for _, q := range []string{store.QueueWork, store.QueueExport} {
		n, err := w.Clean.QueueLength(context.Background(), q)
		require.NoError(t, err)
		require.Zero(t, n)
	}
	return w.Faults.Met() > 0
}
