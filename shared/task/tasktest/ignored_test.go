package tasktest_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// A message that nothing can be done for is a success that is counted.
func TestIgnoredMessagesAreCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := tasktest.New(t, "alpha")
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.Completed)
	var reasons []string
	w.Settle.Ignored = func(_ context.Context, reason string) { reasons = append(reasons, reason) }
	for name, run := range map[string]func(context.Context, store.Message) error{
		"discover": w.Discover.Run, "export": w.Fulfil.Run, "poison": w.Sweep.Poison,
	} {
		for _, c := range []struct {
			request, task string
			want          []string
		}{
			{uuid.NewString(), "alpha-export", []string{task.UnknownRequest}},
			{id, "alpha-export", []string{task.FinishedTask}},
			{id, "gamma-export", []string{task.UnknownTask}},
			{id, "", nil},
		} {
			reasons = nil
			require.NoError(t, run(ctx, store.Message{Tenant: w.Tenant, Request: c.request, Task: c.task}))
			require.Equal(t, c.want, reasons, "%s %s", name, c.task)
		}
	}
	other := w.Submit(dsr.Export)
	reasons = nil
	w.Host.DrainTo(other, dsr.Fulfilling)
	require.Empty(t, reasons, "work that is due is not ignored")
}
