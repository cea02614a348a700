package task_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// A system that was renamed or removed ends its own open tasks and no others, with an alert. Once
// it is back, they can be retried.
func TestATaskWhoseSystemIsNoLongerConfiguredFails(t *testing.T) {
	t.Parallel()
	const reason = "not-configured: The tenant has no system named alpha any more. Put it back into the document under this name, then retry."
	for name, until := range map[string]dsr.State{"before it was asked": dsr.StateReceived, "before it was exported": dsr.StateFulfilling} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			id := w.Submit(dsr.Export)
			w.Host.DrainTo(id, until)
			alpha := w.Systems["alpha"]
			delete(w.Systems, "alpha")
			c := w.Host.Finish(id)
			require.Equal(t, dsr.StateCompleted, c.State)
			require.Equal(t, dsr.Outcome{Code: dsr.OutcomeFailed, Reason: reason}, c.Task("alpha-export").Outcome)
			require.Equal(t, dsr.OutcomeDone, c.Task("beta-export").Outcome.Code)
			require.Contains(t, w.Log(), "level=ERROR")
			require.Contains(t, w.Log(), "code=task-not-configured")
			require.Equal(t, []string{"alert: task-not-configured"}, w.Ignored.Codes())
			require.Zero(t, w.Host.Failed, "no invocation fails")

			w.Systems["alpha"] = alpha
			w.Retry(id)
			c = w.Host.Finish(id)
			require.Equal(t, dsr.StateCompleted, c.State)
			require.Equal(t, dsr.OutcomeDone, c.Task("alpha-export").Outcome.Code)
		})
	}
}
