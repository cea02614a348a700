package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/pii"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// bulkKey is the partition's id for an idempotency key of an upload: a caller's text cannot be found from it.
func (s *Store) bulkKey(b Bulk, key string) string {
	return guidOf(pii.MAC(s.idKey, "bulk-key", b.Caller, b.Tenant, key))
}

// KeepBulkKey binds a caller's idempotency key to an import: to its id, which is its reference, and to its digest. ErrIdempotency when it
// is bound to another. It comes before CreateBulk; forget is for an import that is then refused, and takes back what this call has bound,
// best effort.
func (s *Store) KeepBulkKey(ctx context.Context, b Bulk, key string) (forget func(context.Context), err error) {
	r := newRow(layout.Partition(b.Tenant, s.bulkKey(b, key)), layout.RowBulkKey)
	r.setInt("v", 1)
	r.setText("import", b.ID)
	r.setText("digest", b.Digest)
	cause := s.put(ctx, s.requests, r)
	if cause == nil {
		return func(ctx context.Context) { _ = s.drop(ctx, s.requests, r) }, nil
	}
	now, err := s.get(ctx, s.requests, r.pk, r.rk)
	if err != nil {
		if !failure.LostRace(cause) {
			err = cause
		}
		return nil, failure.Wrap("store key of import", err)
	}
	if now.text("import") != b.ID || now.text("digest") != b.Digest {
		return nil, ErrIdempotency
	}
	return func(context.Context) {}, now.err
}
