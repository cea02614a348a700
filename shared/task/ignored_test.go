package task_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// A message that nothing can be done for is a success that is counted.
func TestIgnoredMessagesAreCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateCompleted)
	for name, run := range map[string]func(context.Context, queue.Message) error{
		"run": w.Steps.Runner.Run, "poison": w.Steps.Runner.Poison,
	} {
		for _, c := range []struct {
			request, task string
			want          []string
		}{
			{uuid.NewString(), "alpha-export", []string{"unknown-request"}},
			{id, "alpha-export", []string{"finished-task"}},
			{id, "gamma-export", []string{"unknown-task"}},
			{id, "", nil},
		} {
			before := len(w.Ignored.Codes())
			require.NoError(t, run(ctx, queue.Message{Tenant: w.Tenant, Request: c.request, Task: c.task}))
			require.ElementsMatch(t, c.want, w.Ignored.Codes()[before:], "%s %s", name, c.task)
		}
	}
	other := w.Submit(dsr.Export)
	before := len(w.Ignored.Codes())
	w.Host.DrainTo(other, dsr.StateFulfilling)
	require.Len(t, w.Ignored.Codes(), before, "work that is due is not ignored")
}
