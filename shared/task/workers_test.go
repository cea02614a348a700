package task_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// Two last tasks that end at the same moment: one of them goes on to the package, and only one.
func TestTwoLastTasksFinishTogether(t *testing.T) {
	t.Parallel()
	want := tasktest.Through(t, "alpha", "beta")
	w := tasktest.New(t, "alpha", "beta")
	id := w.Submit(dsr.Access, dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
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
		done.Go(func() { errs[i] = w.Steps.Runner.Run(context.Background(), d.Message) })
	}
	done.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	require.Equal(t, dsr.StateAssembling, w.Load(id).State)
	w.Host.Fetch()
	require.Len(t, w.Host.Waiting(), 1)
	w.Host.Finish(id)
	require.Empty(t, cmp.Diff(want, w.Look(id)))
}
