package store

import "github.com/rightsdesk/rightsdesk/shared/store/row"

func insert(r *row.Row) row.Op { return row.Op{Kind: row.Insert, Row: r} }

// replace is conditional on the row's ETag.
func replace(r *row.Row) row.Op { return row.Op{Kind: row.Replace, Row: r} }

// upsert is for rows that are wholly a function of their key: it adds what is given and keeps
// what is there.
func upsert(r *row.Row) row.Op { return row.Op{Kind: row.Upsert, Row: r} }

// remove is conditional on the row's ETag. The values of the row are not needed.
func remove(r *row.Row) row.Op { return row.Op{Kind: row.Delete, Row: r.Bare()} }
