package due

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// Request reads the request that a wake names. It returns nil when there is nothing to do,
// because the request does not name this wake. Such a wake is dropped once it is an hour old.
func (s *Sweeper) Request(ctx context.Context, w lists.Wake) (*store.Case, error) {
	c, err := s.Store.Load(ctx, w.Tenant, w.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil && c.Wakes[w.Kind].UnixMilli() == w.Due.UnixMilli() {
		return c, nil
	}
	return nil, s.drop(ctx, w)
}

// Import reads the import that a wake names. It returns nil in the same case as Request.
func (s *Sweeper) Import(ctx context.Context, w lists.Wake) (*imports.Case, error) {
	b, err := s.Store.Imports.Load(ctx, w.Tenant, w.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil && b.Wakes[w.Kind].UnixMilli() == w.Due.UnixMilli() {
		return b, nil
	}
	return nil, s.drop(ctx, w)
}

// SetImport sets a wake of an import, or clears it with a zero time. A conflict is not an
// error: see Later.
func (s *Sweeper) SetImport(ctx context.Context, b *imports.Case, k retention.WakeKind, due time.Time) error {
	if due.IsZero() {
		delete(b.Wakes, k)
	} else {
		b.Wakes[k] = due
	}
	return Later(s.Store.Imports.Save(ctx, b))
}

func (s *Sweeper) drop(ctx context.Context, w lists.Wake) error {
	if s.now(w.Kind.Clock()).Sub(w.Due) < retention.KeepUnnamed {
		return nil // Its writer may still be about to commit.
	}
	return s.Store.Lists.Drop(ctx, w)
}

// Later turns a conflict into a success. Another worker changed the same thing at the same
// time, the wake stays due, and the next sweep looks again.
func Later(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}
