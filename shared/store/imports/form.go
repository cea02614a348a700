package imports

import (
	"maps"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// row returns the import as it is stored.
func (b *Case) row(writes []string) *row.Row {
	r := row.New(layout.Partition(b.Tenant, b.ID), layout.RowBulk)
	r.SetInt("v", 1)
	for name, v := range map[string]string{
		"reference": b.Reference, "caller": b.Caller, "state": b.State, "blob": b.Blob, "format": b.Format, "digest": b.Digest,
		"failure": b.Failure, "inputETag": b.InputETag, "owner": b.Claim.Owner,
	} {
		r.SetText(name, v)
	}
	for name, v := range map[string]int64{
		"lines": b.Lines, "accepted": b.Accepted, "duplicate": b.Duplicate, "rejected": b.Rejected, "offset": b.Offset, "line": b.Line,
		"chunk": int64(b.Chunk), "shard": int64(b.Shard), "count": int64(b.Claim.Count),
	} {
		r.SetInt(name, v)
	}
	r.SetTime("created", clock.Stored(b.CreatedAt))
	r.SetTime("ended", clock.Stored(b.EndedAt))
	r.SetTime("until", b.Claim.Until)
	r.SetJSON("wakes", layout.WakesOut(b.Wakes))
	r.SetJSON("writes", writes)
	return r
}

// caseOf reads a stored import.
func (s *Imports) caseOf(tenant, id string, r *row.Row) (*Case, error) {
	b := &Case{s: s, etag: r.ETag}
	b.Import = Import{
		ID: id, Tenant: tenant, Reference: r.Text("reference"), Caller: r.Text("caller"), State: r.Text("state"), Blob: r.Text("blob"),
		Format: r.Text("format"), Digest: r.Text("digest"), Failure: r.Text("failure"), InputETag: r.Text("inputETag"),
		Lines: r.Int("lines"), Accepted: r.Int("accepted"), Duplicate: r.Int("duplicate"), Rejected: r.Int("rejected"),
		Offset: r.Int("offset"), Line: r.Int("line"), Chunk: int(r.Int("chunk")), Shard: int(r.Int("shard")),
		CreatedAt: r.Time("created"), EndedAt: r.Time("ended"), Claim: layout.Claim(r),
	}
	var wakes map[retention.WakeKind]int64
	r.JSON("wakes", &wakes)
	r.JSON("writes", &b.writes)
	b.Wakes = layout.WakesIn(wakes)
	b.named = maps.Clone(b.Wakes)
	return b, r.Err()
}
