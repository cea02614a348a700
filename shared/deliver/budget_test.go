package deliver_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// A delivery whose time runs out before anything more is stored is an attempt without progress: it
// rests as after a fault, and ends as failed after the tenth. A retry makes the package when the
// storage is faster.
func TestADeliveryThatGetsNowhere(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateAssembling)
	slow := w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Is("blob", retention.Parts) }, After: func() {
		w.Clock.Advance(3 * time.Minute)
	}})
	// The second member finds that the time is used up.
	_, err := w.Host.Next()
	require.NoError(t, err, "no failed invocation")
	require.Equal(t, 1, w.Load(id).Task(dsr.PackageTask).Claim.Faults)
	require.True(t, w.Load(id).Task(dsr.PackageTask).Claim.Rests(w.Clock.Now()))
	for w.Load(id).State == dsr.StateAssembling {
		w.Clock.Advance(time.Hour)
		w.Host.Pass(time.Minute)
	}
	slow()
	require.Zero(t, w.Host.Failed)
	c := w.Load(id)
	require.Equal(t, dsr.OutcomeFailed, c.Task(dsr.PackageTask).Outcome.Code)
	require.Contains(t, c.Task(dsr.PackageTask).Outcome.Reason, "in 10 attempts the time ran out")
	w.Retry(id)
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
	require.Len(t, w.Look(id).Records, 2*tasktest.Pages*2)
}

// The time runs out while the package is verified.
func TestAVerificationThatTakesTooLong(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateAssembling)
	w.Rewire(func(o *pipeline.Options) { o.Budget.Stop = 2 * time.Second })
	over, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	stall := w.Faults.Add(storetest.Fault{
		Match:  func(c storetest.Call) bool { return c.Is("blob", retention.Packages) && !c.Write() },
		Before: func() { <-over.Done() },
	})
	_, err := w.Host.Next()
	stall()
	require.NoError(t, err, "no failed invocation")
	require.Equal(t, dsr.StateAssembling, w.Load(id).State)
	require.Equal(t, 1, w.Load(id).Task(dsr.PackageTask).Claim.Faults)
	w.Rewire(func(*pipeline.Options) {})
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
}
