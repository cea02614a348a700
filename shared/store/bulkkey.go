package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/pii"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// bulkKey is the partition's id for an idempotency key of an upload: a caller's text cannot be found from it.
func (s *Store) bulkKey(b Bulk, key string) string {
	return guidOf(pii.MAC(s.idKey, "bulk-key", b.Caller, b.Tenant, key))
}

// KeepBulkKey binds a caller's idempotency key to an import: to its id, which is its reference, and to its digest. ErrIdempotency when it
// is bound to another. It comes before CreateBulk; forget is for an import that is then refused, and takes back what this call has bound,
// best effort.
func (s *Store) KeepBulkKey(ctx context.Context, b Bulk, key string) (forget func(context.Context), err error) {
	r := row.New(layout.Partition(b.Tenant, s.bulkKey(b, key)), layout.RowBulkKey)
	r.SetInt("v", 1)
	r.SetText("import", b.ID)
	r.SetText("digest", b.Digest)
	cause := put(ctx, s.requests, r)
	if cause == nil {
		return func(ctx context.Context) { _ = drop(ctx, s.requests, r) }, nil
	}
	now, err := s.requests.Get(ctx, r.Partition, r.Key)
	if err != nil {
		if !lostRace(cause) {
			err = cause
		}
		return nil, failure.Wrap("store key of import", err)
	}
	if now.Text("import") != b.ID || now.Text("digest") != b.Digest {
		return nil, ErrIdempotency
	}
	return func(context.Context) {}, now.Err()
}
