package store

import (
	"context"
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/pii"

	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// bulkKey is the partition's id for an idempotency key of an upload: a caller's text cannot be
// found from it.
func (s *Store) bulkKey(b Bulk, key string) string {
	return guidOf(pii.MAC(s.idKey, "bulk-key", b.Caller, b.Tenant, key))
}

// KeepBulkKey binds a caller's idempotency key to an import: to its id, which is its reference,
// and to its digest. ErrIdempotency when it is bound to another. It comes before CreateBulk;
// forget is for an import that is then refused, and takes back what this call has bound, best
// effort.
func (s *Store) KeepBulkKey(ctx context.Context, b Bulk, key string) (forget func(context.Context), err error) {
	r := row.New(layout.Partition(b.Tenant, s.bulkKey(b, key)), layout.RowBulkKey)
	r.SetInt("v", 1)
	r.SetText("import", b.ID)
	r.SetText("digest", b.Digest)
	what, err := try(ctx, "store key of import", &binding{t: s.requests, r: r})
	switch {
	case err != nil:
		return nil, err
	case what == overtaken:
		return nil, ErrIdempotency
	case what == found: // by this call or by an earlier one of the same upload
		return func(context.Context) {}, nil
	}
	return func(ctx context.Context) { _ = row.Drop(ctx, s.requests, r) }, nil
}

// binding inserts the row that binds a key to an import. What it is bound to is its id: the same
// binding of another writer is as good.
type binding struct {
	t row.Table
	r *row.Row
}

func (a *binding) write(ctx context.Context) error { return row.Put(ctx, a.t, a.r) }

func (a *binding) look(ctx context.Context) (whose, error) {
	now, err := a.t.Get(ctx, a.r.Partition, a.r.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		return nobodys, nil
	case err != nil:
		return nobodys, err
	case now.Text("import") == a.r.Text("import") && now.Text("digest") == a.r.Text("digest"):
		return ours, now.Err()
	}
	return anothers, nil
}
