package bulk

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
)

// Import continues the import that a message names, for a bounded time. The job `work` calls
// it. It returns nil when there is nothing to do: the import is unknown, over, or claimed by
// another invocation. Any error comes from the storage, and what was done before it stays
// done.
func (s *Service) Import(ctx context.Context, tenant, id string) error {
	b, claim, err := s.claim(ctx, tenant, id)
	if err != nil || claim == nil {
		return err
	}
	ctx, stop := claim.Keep(ctx)
	defer stop()
	s.log.InfoContext(ctx, "bulk import continues", "tenant", tenant, "bulk", id, "line", b.Line)
	i := &invocation{Service: s, row: b, list: b.Import}
	err = i.run(ctx)
	if errors.Is(context.Cause(ctx), store.ErrClaimed) {
		err = store.ErrClaimed // the lost lease is the cause
	}
	if errors.Is(err, store.ErrClaimed) {
		s.log.InfoContext(ctx, "bulk import continues in another invocation", "tenant", tenant, "bulk", id)
		return nil
	}
	if err == nil && over(b) {
		return nil
	}
	stop()
	ctx = context.WithoutCancel(ctx)
	// The next invocation need not wait for the lease to end.
	if err := claim.Release(ctx); err != nil && !errors.Is(err, store.ErrClaimed) {
		s.log.WarnContext(ctx, "claim not released; it ends by itself", "tenant", tenant, "bulk", id, "error", err)
	}
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	s.ask(ctx, b)
	return nil
}

// unknownBulk is the reason why a message that names no known import is ignored.
const unknownBulk = "unknown-bulk"

// claim reads an import and takes its lease, or returns nil when there is nothing to do. An
// attempt that is just ending may change the row in between, so claim tries again after a
// conflict.
func (s *Service) claim(ctx context.Context, tenant, id string) (*imports.Case, *lease.Claim, error) {
	for range 5 {
		b, err := s.store.Imports.Load(ctx, tenant, id)
		if errors.Is(err, store.ErrNotFound) {
			s.log.WarnContext(ctx, "message ignored", "code", unknownBulk, "tenant", tenant, "bulk", id)
			s.counter.Ignored(ctx, unknownBulk)
			return nil, nil, nil
		}
		if err != nil || over(b) {
			return nil, nil, err
		}
		claim, err := s.store.Imports.Claim(ctx, b, rand.Text())
		switch {
		case errors.Is(err, store.ErrClaimed):
			return nil, nil, nil
		case !errors.Is(err, store.ErrConflict):
			return b, claim, err
		}
	}
	return nil, nil, store.ErrConflict
}

// over reports whether an import has ended.
func over(b *imports.Case) bool {
	return b.State == imports.Completed || b.State == imports.Failed
}
