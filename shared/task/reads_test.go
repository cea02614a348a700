package task_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// Every step reads the head of a request, and the rows of tasks, by their keys. A range of table
// requests gets slower with everything that is stored.
func TestNoStepReadsARangeOfRequests(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	seen := map[dsr.Step]bool{}
	look := func(step dsr.Step, do func()) {
		t.Helper()
		w.Counter.Reset()
		do()
		for _, c := range w.Counter.Calls() {
			if c.Method != http.MethodGet || !c.Is("table", "requests") {
				continue
			}
			seen[step] = true
			require.Contains(t, c.Path, "RowKey=", "%s reads a range: %s", step, c.Query)
		}
	}
	ids := []string{w.Submit(dsr.Access, dsr.Export)}
	look(dsr.StepFulfil, func() { w.Host.Finish(ids[0]) })
	ids = append(ids, w.Submit(dsr.Access))
	w.Host.Fetch()
	w.Host.Drop() // every message of the second is lost
	look(dsr.StepWake, func() {
		for w.Load(ids[1]).State != dsr.StateCompleted {
			w.Host.Pass(time.Minute + time.Second)
		}
	})
	w.Business.Advance(tasktest.Retention + time.Hour)
	look(dsr.StepPurge, func() {
		_, err := w.Steps.Purge.Run(context.Background())
		require.NoError(t, err)
	})
	require.Equal(t, dsr.PackageExpired, w.Load(ids[0]).Package.State)
	for _, step := range []dsr.Step{dsr.StepFulfil, dsr.StepWake, dsr.StepPurge} {
		require.True(t, seen[step], step)
	}
}

// The largest document has 64 systems. Whatever becomes of all tasks at once, one transaction holds
// it.
func TestManySystemsEndAtOnce(t *testing.T) {
	t.Parallel()
	var systems []string
	for i := range 64 {
		systems = append(systems, fmt.Sprintf("system-%02d", i))
	}
	for name, tt := range map[string]struct {
		discover func(*tasktest.System)
		ending   dsr.Ending
	}{
		"nothing is found": {func(s *tasktest.System) { s.Found = &connector.Discovery{} }, dsr.EndingWhole},
		"all fail": {func(s *tasktest.System) {
			s.OnDiscover = func(int) error {
				return &connector.Fault{System: s.Name, Kind: connector.Forbidden, Permission: "User.Read.All", Status: 403}
			}
		}, dsr.EndingFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, systems...)
			for _, s := range w.Systems {
				tt.discover(s)
			}
			id := w.Submit(dsr.Access, dsr.Export)
			w.Host.Finish(id)
			c := w.Load(id)
			require.Equal(t, dsr.StateCompleted, c.State)
			require.Equal(t, tt.ending, c.Ending())
			require.Zero(t, w.Host.Failed)
			if tt.ending != dsr.EndingFailed {
				return
			}
			c = w.Retry(id)
			require.Equal(t, dsr.StateDiscovering, c.State)
			require.Len(t, c.Workable(), 64)
			w.Cancel(id)
			require.Equal(t, dsr.StateCancelled, w.Load(id).State)
		})
	}
}

// A worker that has read a request before it was cancelled cannot claim a task of it any more, and
// one that has claimed a task notices.
func TestACancellationFencesOffWorkers(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	id := w.Submit(dsr.Access)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	late, err := w.Store.Load(t.Context(), w.Tenant, id)
	require.NoError(t, err)
	claimed := w.Load(id)
	cl, err := w.Store.Claim(t.Context(), claimed, "alpha-access", "worker")
	require.NoError(t, err)
	w.Cancel(id)
	require.Error(t, cl.Check(t.Context()))
	_, err = w.Store.Claim(t.Context(), late, "beta-access", "late")
	require.Error(t, err)
	require.Empty(t, w.Load(id).Task("beta-access").Claim.Owner)
	again, err := w.Store.Reload(t.Context(), late)
	require.NoError(t, err)
	_, err = w.Store.Claim(t.Context(), again, "beta-access", "late")
	require.Error(t, err)
}

// An access request of one system takes few storage calls: one that is made by hand goes through in
// one invocation. The part of the bench that counts them adds what the host does on queues.
func TestAnAccessRequestTakesFewCalls(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.Rewire(func(o *pipeline.Options) { o.Budget.Next, o.PartSize = time.Minute, 0 })
	first := w.Make(dsr.Access)
	w.Host.Put(queue.Work, queue.Message{Tenant: w.Tenant, Request: first.ID, Task: "alpha-discover"})
	w.Host.Finish(first.ID) // makes the key of the hour
	w.Counter.Reset()
	c := w.Make(dsr.Access)
	w.Host.Put(queue.Work, queue.Message{Tenant: w.Tenant, Request: c.ID, Task: "alpha-discover"})
	delivered, err := w.Host.Next()
	require.NoError(t, err)
	require.True(t, delivered)
	completed := w.Counter.Total()
	require.Equal(t, dsr.StateCompleted, w.Load(c.ID).State)
	require.LessOrEqual(t, completed, 20, "%v", w.Counter.Calls())
	w.Business.Advance(tasktest.Retention + time.Hour)
	_, err = w.Steps.Purge.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, dsr.PackageExpired, w.Load(c.ID).Package.State)
	require.LessOrEqual(t, w.Counter.Total()-completed, 35, "of two requests")
}
