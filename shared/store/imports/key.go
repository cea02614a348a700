package imports

import (
	"context"
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// key returns the id in the partition of an upload's idempotency key. The caller's text cannot be
// found from it.
func (s *Imports) key(b Import, key string) string {
	return layout.GUID(pii.MAC(s.o.IDKey, "bulk-key", b.Caller, b.Tenant, key))
}

// KeepKey binds a caller's idempotency key to an import: to its id, which stands for its reference,
// and to its digest. It returns ErrIdempotency when the key is bound to another import. KeepKey
// comes before Create. If the import is then refused, undo removes what this call has bound; undo
// ignores failures.
func (s *Imports) KeepKey(ctx context.Context, b Import, key string) (undo func(context.Context), err error) {
	r := row.New(layout.Partition(b.Tenant, s.key(b, key)), layout.RowBulkKey)
	r.SetInt("v", 1)
	r.SetText("import", b.ID)
	r.SetText("digest", b.Digest)
	what, err := row.Try(ctx, "store key of import", &binding{t: s.o.Requests, r: r})
	switch {
	case err != nil:
		return nil, err
	case what == row.Overtaken:
		return nil, ErrIdempotency
	case what == row.FoundDone: // by this call or by an earlier one of the same upload
		return func(context.Context) {}, nil
	}
	return func(ctx context.Context) { _ = row.Drop(ctx, s.o.Requests, r) }, nil
}

// binding inserts the row that binds a key to an import. The import is the id of the write: the
// same binding by another writer counts as well.
type binding struct {
	t row.Table
	r *row.Row
}

func (a *binding) Write(ctx context.Context) error { return row.Put(ctx, a.t, a.r) }

func (a *binding) Look(ctx context.Context) (row.Writer, error) {
	now, err := a.t.Get(ctx, a.r.Partition, a.r.Key)
	switch {
	case errors.Is(err, failure.ErrNotFound):
		return row.Unwritten, nil
	case err != nil:
		return row.Unwritten, err
	case now.Text("import") == a.r.Text("import") && now.Text("digest") == a.r.Text("digest"):
		return row.Own, now.Err()
	}
	return row.Other, nil
}
