package store

import "github.com/rightsdesk/rightsdesk/shared/store/row"

// insert stores a row that must not exist yet.
func insert(r *row.Row) row.Op { return row.Op{Kind: row.Insert, Row: r} }

// replace changes a row only if its ETag matches.
func replace(r *row.Row) row.Op { return row.Op{Kind: row.Replace, Row: r} }

// upsert sets the given values and keeps the others. It is for rows that depend on nothing but
// their key.
func upsert(r *row.Row) row.Op { return row.Op{Kind: row.Upsert, Row: r} }

// remove deletes a row only if its ETag matches. It needs no values.
func remove(r *row.Row) row.Op { return row.Op{Kind: row.Delete, Row: r.Bare()} }
