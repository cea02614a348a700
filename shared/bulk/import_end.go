package bulk

import (
	"context"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
)

// fail ends an import whose list cannot be read as a whole. Its result is one line that says why.
func (i *invocation) fail(ctx context.Context, why *problem.Error) error {
	if err := i.stage(ctx, []list.Result{list.Refused(0, why)}); err != nil {
		return err
	}
	i.row.Failure = string(why.Code)
	return i.finish(ctx, imports.Failed)
}

// finish publishes the result and ends the import. The wakes that delete input and result are
// stored in the same write as the end, so that no ended import lacks them.
func (i *invocation) finish(ctx context.Context, state string) error {
	ids := make([]string, i.row.Chunk)
	for n := range ids {
		ids[n] = blockID(n)
	}
	err := i.store.Blobs.CommitBlocks(ctx, blob.ResultRef(i.row.Tenant, i.row.ID), ids, list.MediaType(list.JSONLines))
	if err != nil {
		return err
	}
	now := i.clocks.Business()
	i.row.State, i.row.EndedAt = state, now
	i.row.Wakes = map[retention.WakeKind]time.Time{
		retention.WakeBulkInput: now.Add(retention.KeepInput), retention.WakeBulkResult: now.Add(retention.KeepResult),
	}
	return i.store.Imports.Save(ctx, i.row)
}
