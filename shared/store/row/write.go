package row

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Put inserts a row that has no ETag and replaces one that has, under it.
func Put(ctx context.Context, t Table, r *Row) error {
	if r.ETag == "" {
		return t.Insert(ctx, r)
	}
	return t.Replace(ctx, r)
}

// Drop deletes a row that is unchanged. One that is not there is no error, a changed one is
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
// not say who won: the client of the table tries again by itself, so the winner may be our own
// first try whose answer was lost.
func LostRace(err error) bool {
	refused := AsRefusal(err)
	return refused != nil && refused.Reason != Missing
}

// Removals deletes rows under the ETags that writing them gave.
func Removals(written []Op) []Op {
	var ops []Op
	for _, o := range written {
		if o.Row.ETag != "" {
			ops = append(ops, Op{Kind: Delete, Row: o.Row.Bare()})
		}
	}
	return ops
}
