package sweep

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// loadBulk reads the import that a wake names; nil as load says.
func (s *Sweeper) loadBulk(ctx context.Context, w store.Wake) (*store.BulkCase, error) {
	b, err := s.Store.LoadBulk(ctx, w.Tenant, w.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil && b.Wakes[w.Kind].UnixMilli() == w.Due.UnixMilli() {
		return b, nil
	}
	if s.clock(w.Kind).Sub(w.Due) < orphanAge {
		return nil, nil
	}
	return nil, s.Store.DropWake(ctx, w)
}

// bulk sends the message of an import again that has not come to its end.
func (s *Sweeper) bulk(ctx context.Context, w store.Wake) error {
	b, err := s.loadBulk(ctx, w)
	if err != nil || b == nil {
		return err
	}
	if b.Claim.Live(s.Wall()) {
		return nil // somebody is at work on it; the wake is still due
	}
	if !b.EndedAt.IsZero() {
		return s.setBulkWake(ctx, b, w.Kind, time.Time{})
	}
	if err := s.setBulkWake(ctx, b, w.Kind, s.Wall().Add(task.Redeliver)); err != nil {
		return err
	}
	return s.Store.Send(ctx, store.QueueWork, store.Message{Tenant: b.Tenant, Bulk: b.ID})
}

// bulkBlob deletes what an import read or wrote, and reads it again.
func (s *Sweeper) bulkBlob(ctx context.Context, w store.Wake) error {
	b, err := s.loadBulk(ctx, w)
	if err != nil || b == nil {
		return err
	}
	ref := store.Ref{Container: store.BulkInputs, Name: b.Blob}
	if w.Kind == store.WakeBulkResult {
		ref = store.Ref{Container: store.Results, Name: b.Tenant + "/" + b.ID + ".ndjson"}
	}
	info, err := s.stat(ctx, ref)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, ref, info); err != nil {
		return err
	}
	return s.setBulkWake(ctx, b, w.Kind, time.Time{})
}

func (s *Sweeper) setBulkWake(ctx context.Context, b *store.BulkCase, k store.WakeKind, due time.Time) error {
	if due.IsZero() {
		delete(b.Wakes, k)
	} else {
		b.Wakes[k] = due
	}
	return ignoreConflict(s.Store.SaveBulk(ctx, b))
}
