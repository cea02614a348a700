package deliver_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func TestACancelledAssemblyLeavesNoPackage(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateAssembling)
	w.Rewire(func(o *pipeline.Options) {
		// The clock is read in the middle, and again once the package exists.
		o.Clocks.Business = func() time.Time {
			if c := w.Load(id); c.State == dsr.StateAssembling && len(w.Blobs(retention.Packages)) > 0 {
				w.Cancel(id)
			}
			return w.Business.Now()
		}
	})
	w.Host.Drain()
	require.Equal(t, dsr.StateCancelled, w.Load(id).State)
	require.Len(t, w.Blobs(retention.Packages), 1, "the request does not name it")
	w.Business.Advance(time.Hour)
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(t, err)
	require.Empty(t, w.Blobs(retention.Packages))
	require.Empty(t, w.Blobs(retention.Parts))
}

// A package that cannot be made does not end its request: what was read is deleted, and a
// retry reads it again.
func TestARequestWhosePackageCannotBeMade(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.SubmitWith(func(r *dsr.Request) { r.Dest = "legal" }, dsr.Export)
	c := w.Host.Finish(id)
	require.Equal(t, dsr.StateFailed, c.State)
	require.Contains(t, c.Task(dsr.PackageTask).Outcome.Reason, "destination")
	w.Business.Advance(retention.LookAgain)
	_, err := w.Steps.Purge.Run(context.Background())
	require.NoError(t, err)
	p := w.Look(id)
	require.Zero(t, p.Parts)
	require.Empty(t, p.Wakes)

	w.Destination("legal", retention.Results)
	w.Retry(id)
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
	require.Len(t, w.Look(id).Records, 2*tasktest.Pages*2)
	require.Len(t, w.Blobs(retention.Results), 1)
	w.Business.Advance(tasktest.Retention + time.Hour)
	_, err = w.Steps.Purge.Run(context.Background())
	require.NoError(t, err)
	require.Empty(t, w.Blobs(retention.Results), "a package in another container expires as well")
	require.Equal(t, dsr.PackageExpired, w.Load(id).Package.State)
}

// Two workers assemble the same package. The request names the archive that is stored.
func TestTwoWorkersOnOnePackage(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateAssembling)
	w.Host.Drop()
	m := queue.Message{Tenant: w.Tenant, Request: id, Task: "package"}
	once := false
	w.Rewire(func(o *pipeline.Options) {
		o.Clocks.Business = func() time.Time {
			if !once {
				once = true
				w.Clock.Advance(lease.Length + time.Second)
				require.NoError(t, w.Steps.Runner.Run(context.Background(), m))
				require.Equal(t, dsr.StateCompleted, w.Load(id).State)
			}
			return w.Business.Now()
		}
	})
	require.NoError(t, w.Steps.Runner.Run(context.Background(), m))
	p := w.Look(id)
	require.Equal(t, dsr.StateCompleted, p.State)
	require.Len(t, p.Records, 2*tasktest.Pages*2)
}
