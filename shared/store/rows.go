package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

func insert(r *row.Row) row.Op { return row.Op{Kind: row.Insert, Row: r} }

// replace is conditional on the row's ETag.
func replace(r *row.Row) row.Op { return row.Op{Kind: row.Replace, Row: r} }

// upsert is for rows that are wholly a function of their key: it adds what is given and keeps what is there.
func upsert(r *row.Row) row.Op { return row.Op{Kind: row.Upsert, Row: r} }

// remove is conditional on the row's ETag. The values of the row are not needed.
func remove(r *row.Row) row.Op { return row.Op{Kind: row.Delete, Row: r.Bare()} }

// put inserts a row that has no ETag and replaces one that has, under it.
func put(ctx context.Context, t row.Table, r *row.Row) error {
	if r.ETag == "" {
		return t.Insert(ctx, r)
	}
	return t.Replace(ctx, r)
}

// drop deletes a row that is unchanged. One that is not there is no error, a changed one is ErrConflict.
func drop(ctx context.Context, t row.Table, r *row.Row) error {
	err := t.Delete(ctx, r)
	switch refused := row.AsRefusal(err); {
	case err == nil, refused != nil && refused.Reason == row.Missing:
		return nil
	case refused != nil:
		return ErrConflict
	}
	return failure.Wrap("delete row", err)
}

// lostRace reports whether a conditional write was refused because of what is stored. It does not say
// who won: the client of the table tries again by itself, so the winner may be our own first try whose
// answer was lost.
func lostRace(err error) bool {
	refused := row.AsRefusal(err)
	return refused != nil && refused.Reason != row.Missing
}

// missing reports whether a write was refused because its row is not there.
func missing(err error) bool {
	refused := row.AsRefusal(err)
	return refused != nil && refused.Reason == row.Missing
}
