package task_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func TestPoison(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		state  dsr.State
		task   dsr.TaskID
		claims int
		live   bool
		fails  bool          // the poison itself
		want   dsr.TaskState // of the task afterwards
		then   dsr.State
	}{
		"a discovery that was begun ten times":   {dsr.StateDiscovering, "alpha-discover", 10, false, false, dsr.TaskEnded, dsr.StateCompleted},
		"an export that was begun ten times":     {dsr.StateFulfilling, "alpha-export", 10, false, false, dsr.TaskEnded, dsr.StateCompleted},
		"a package that was begun ten times":     {dsr.StateAssembling, "package", 10, false, false, dsr.TaskEnded, dsr.StateFailed},
		"an export that was begun nine times":    {dsr.StateFulfilling, "alpha-export", 9, false, false, dsr.TaskOpen, dsr.StateCompleted},
		"an export that nobody could begin":      {dsr.StateFulfilling, "alpha-export", 0, false, false, dsr.TaskOpen, dsr.StateCompleted},
		"an export at which somebody is at work": {dsr.StateFulfilling, "alpha-export", 10, true, true, dsr.TaskOpen, dsr.StateCompleted},
		"an export whose time has not come":      {dsr.StateDiscovering, "alpha-export", 0, false, false, dsr.TaskOpen, dsr.StateCompleted},
		"a discovery that is over":               {dsr.StateFulfilling, "alpha-discover", 0, false, false, dsr.TaskEnded, dsr.StateCompleted},
		"a task that the request does not have":  {dsr.StateFulfilling, "gamma-export", 0, false, false, "", dsr.StateCompleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			w := tasktest.New(t, "alpha")
			id := w.Submit(dsr.Export)
			if tc.state == dsr.StateDiscovering {
				w.Change(id, store.Change{Events: []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: w.Business.Now(), By: "tester"}}})
			} else {
				w.Host.DrainTo(id, tc.state)
			}
			w.Host.Fetch()
			w.Host.Drop()
			for n := range tc.claims {
				c := w.Load(id)
				cl, err := w.Clean.Claim(ctx, c, tc.task, uuid.NewString())
				require.NoError(t, err)
				if n < tc.claims-1 || !tc.live {
					require.NoError(t, cl.Release(ctx))
				}
			}
			before := w.Load(id)
			err := w.Steps.Runner.Poison(ctx, queue.Message{Tenant: w.Tenant, Request: id, Task: string(tc.task)})
			require.Equal(t, tc.fails, err != nil)
			c := w.Load(id)
			if task := c.Task(tc.task); task != nil {
				require.Equal(t, tc.want, task.State)
				if tc.claims >= 10 && !tc.live {
					require.Equal(t, dsr.OutcomeFailed, task.Outcome.Code)
					require.Contains(t, task.Outcome.Reason, "ten times")
				}
			}
			if tc.want == dsr.TaskOpen {
				require.Equal(t, before.Seq, c.Seq, "nothing has happened to it")
				require.WithinDuration(t, w.Clock.Now().Add(task.Redeliver), c.Wakes[retention.WakeRedeliver], time.Minute)
			}
			require.Equal(t, tc.then, w.Host.Finish(id).State)
		})
	}
	t.Run("of what is not there, of an import, of a shard", func(t *testing.T) {
		t.Parallel()
		w := tasktest.New(t)
		shard := 3
		for _, m := range []queue.Message{
			{Tenant: w.Tenant, Request: uuid.NewString(), Task: "package"}, {Tenant: w.Tenant, Bulk: uuid.NewString()}, {Tenant: w.Tenant, Shard: &shard},
		} {
			require.NoError(t, w.Steps.Runner.Poison(context.Background(), m))
		}
		require.Contains(t, w.Log(), "unknown-request")
	})
}
