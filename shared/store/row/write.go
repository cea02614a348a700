package row

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Put inserts a row without an ETag. It replaces a row with an ETag if that version is stored.
func Put(ctx context.Context, t Table, r *Row) error {
	if r.ETag == "" {
		return t.Insert(ctx, r)
	}
	return t.Replace(ctx, r)
}

// Drop deletes a row if it is unchanged. A missing row is not an error. A changed row is
// failure.ErrConflict.
func Drop(ctx context.Context, t Table, r *Row) error {
	err := t.Delete(ctx, r)
	switch refused := AsRefusal(err); {
	case err == nil, refused != nil && refused.Reason == Missing:
		return nil
	case refused != nil:
		return failure.ErrConflict
	}
	return failure.Wrap("delete row", err)
}

// LostRace reports whether a conditional write was refused because of what is stored. It does
// not say who was first. The client of the table retries by itself, so the first may be an
// earlier try of the same write whose answer was lost.
func LostRace(err error) bool {
	refused := AsRefusal(err)
	return refused != nil && refused.Reason != Missing
}

// Removals returns the operations that delete rows if they are unchanged since they were
// written. Rows without an ETag are left out.
func Removals(written []Op) []Op {
	var ops []Op
	for _, o := range written {
		if o.Row.ETag != "" {
			ops = append(ops, Op{Kind: Delete, Row: o.Row.Bare()})
		}
	}
	return ops
}
