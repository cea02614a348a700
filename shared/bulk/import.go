package bulk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Import moves on the import that a message names, from where it stands and for a bounded time; it is called by the job `work`. It
// ends well when there is nothing to do: the import is unknown, over, or in other hands. An error is our storage's, and what was
// done until then stays done.
func (s *Service) Import(ctx context.Context, tenant, id string) error {
	b, claim, err := s.claim(ctx, tenant, id)
	if err != nil || claim == nil {
		return err
	}
	ctx, stop := claim.Keep(ctx)
	defer stop()
	s.Log.InfoContext(ctx, "bulk import goes on", "tenant", tenant, "bulk", id, "line", b.Line)
	i := &run{Service: s, b: b, in: b.Bulk}
	err = i.run(ctx)
	if errors.Is(context.Cause(ctx), store.ErrClaimed) {
		err = store.ErrClaimed // what failed, failed because the lease was lost
	}
	if errors.Is(err, store.ErrClaimed) {
		s.Log.InfoContext(ctx, "bulk import went on elsewhere", "tenant", tenant, "bulk", id)
		return nil
	}
	if err == nil && over(b) {
		return nil
	}
	stop()
	ctx = context.WithoutCancel(ctx)
	// Whoever comes next need not wait for the lease to end.
	if err := claim.Release(ctx); err != nil && !errors.Is(err, store.ErrClaimed) {
		s.Log.WarnContext(ctx, "claim not released; it ends by itself", "tenant", tenant, "bulk", id, "error", err)
	}
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	s.send(ctx, b)
	return nil
}

// unknownBulk is why a message that names no import is ignored.
const unknownBulk = "unknown-bulk"

// claim reads an import and takes its lease; nil when there is nothing to do. A change between the two, by an attempt that is just
// dying, is no reason to give up.
func (s *Service) claim(ctx context.Context, tenant, id string) (*store.BulkCase, *store.Claim, error) {
	for range 5 {
		b, err := s.Store.LoadBulk(ctx, tenant, id)
		if errors.Is(err, store.ErrNotFound) {
			s.Log.WarnContext(ctx, "message ignored", "code", unknownBulk, "tenant", tenant, "bulk", id)
			if s.Ignored != nil {
				s.Ignored(ctx, unknownBulk)
			}
			return nil, nil, nil
		}
		if err != nil || over(b) {
			return nil, nil, err
		}
		claim, err := s.Store.ClaimBulk(ctx, b, rand.Text())
		switch {
		case errors.Is(err, store.ErrClaimed):
			return nil, nil, nil
		case !errors.Is(err, store.ErrConflict):
			return b, claim, err
		}
	}
	return nil, nil, store.ErrConflict
}

func over(b *store.BulkCase) bool {
	return b.State == store.BulkCompleted || b.State == store.BulkFailed
}

// fail ends an import whose list cannot be read as a whole. Its result is one line that says why.
func (r *run) fail(ctx context.Context, f *problem.Error) error {
	body, err := encode([]list.Result{rejected(0, f)})
	if err != nil {
		return err
	}
	if err := r.Store.Blobs.StageBlock(ctx, resultRef(r.b.Tenant, r.b.ID), blockID(r.b.Chunk), body); err != nil {
		return err
	}
	r.b.Chunk++
	r.b.Failure = string(f.Code)
	return r.finish(ctx, store.BulkFailed)
}

// finish publishes the result and ends the import. The wakes that delete input and result are written with it, before anybody can see
// that it has ended.
func (r *run) finish(ctx context.Context, state string) error {
	ids := make([]string, r.b.Chunk)
	for i := range ids {
		ids[i] = blockID(i)
	}
	if err := r.Store.Blobs.CommitBlocks(ctx, resultRef(r.b.Tenant, r.b.ID), ids, mediaTypes[list.JSONLines]); err != nil {
		return err
	}
	now := r.Now()
	r.b.State, r.b.EndedAt = state, now
	r.b.Wakes = map[store.WakeKind]time.Time{
		store.WakeBulkInput: now.Add(keepInput), store.WakeBulkResult: now.Add(keepResults),
	}
	return r.Store.SaveBulk(ctx, r.b)
}

// blockID names the block with the results of a chunk; all of one length, as the service wants it.
func blockID(n int) string { return fmt.Sprintf("%08d", n) }
