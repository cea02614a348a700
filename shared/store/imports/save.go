package imports

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Save replaces an import if it is unchanged. Under a claim it renews the lease, or ends it when
// EndedAt is set. Save returns ErrClaimed when the lease was lost, and failure.ErrConflict when
// another writer changed the import. Any other error is a fault of storage.
func (s *Imports) Save(ctx context.Context, b *Case) error {
	a := &saving{b: b}
	etag, claim := b.etag, dsr.Claim{Count: b.Import.Claim.Count}
	if b.claim != nil {
		h := b.claim.Lock()
		defer h.Unlock()
		a.held = &h
		claim.Count = h.Lease().Count
		if !h.Ended() {
			if err := h.Check(ctx); err != nil {
				return err
			}
			if b.EndedAt.IsZero() {
				claim = dsr.Claim{Owner: h.Lease().Owner, Until: s.o.Leases.End(), Count: claim.Count}
			}
		}
		etag = h.Row().ETag
	}
	b.Wakes, b.CreatedAt, b.EndedAt = layout.WakesIn(layout.WakesOut(b.Wakes)), clock.Stored(b.CreatedAt), clock.Stored(b.EndedAt)
	dead, err := b.putWakes(ctx)
	if err != nil {
		return err
	}
	next := *b
	next.Import.Claim, next.writes = claim, row.Remember(b.writes, row.NewID(s.o.Random))
	a.writes, a.r = next.writes, next.row(next.writes)
	a.r.ETag = etag
	what, err := row.Try(ctx, "save import", a)
	switch {
	case err != nil:
		return err
	case what == row.Overtaken && a.lost:
		a.held.MarkLost()
		return lease.ErrClaimed
	case what == row.Overtaken:
		return failure.ErrConflict
	}
	// The import is saved now.
	next.etag, next.named = a.r.ETag, maps.Clone(next.Wakes)
	if a.held != nil {
		a.held.SetRow(a.r, false)
	}
	*b = next
	_ = s.o.Lists.Transact(ctx, row.Removals(dead)) // ignored: a superfluous wake does no harm
	return nil
}

// saving replaces the row of an import.
type saving struct {
	b      *Case         // as it was loaded
	held   *lease.Locked // the claim; nil without one
	writes []string      // write ids that the new row remembers, this one last
	r      *row.Row
	lost   bool // another worker has the lease
}

func (a *saving) Write(ctx context.Context) error { return row.Put(ctx, a.b.s.o.Requests, a.r) }

// Look takes over the row as it is now if no other write followed. Otherwise the case keeps an old
// ETag, so that its next save is a conflict.
func (a *saving) Look(ctx context.Context) (row.Writer, error) {
	now, err := a.b.s.o.Requests.Get(ctx, a.r.Partition, a.r.Key)
	if errors.Is(err, failure.ErrNotFound) {
		return row.Unwritten, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	var writes []string
	now.JSON("writes", &writes)
	if slices.Equal(writes, a.writes) {
		a.r = now
	}
	who := row.WriterOf(a.writes[len(a.writes)-1], writes, a.b.writes)
	if h := a.held; who != row.Own && h != nil && !h.Ended() && layout.Claim(now).Owner != h.Lease().Owner {
		a.lost, who = true, row.Other
	}
	return who, now.Err()
}

// putWakes writes the wakes that the import will name. It also writes again those that it will no
// longer name: with their new ETags they are deleted later, unless another writer needs them again.
func (b *Case) putWakes(ctx context.Context) (dead []row.Op, err error) {
	pk := layout.ShardPartition(b.Tenant, b.Shard)
	var ops []row.Op
	put := func(k retention.WakeKind, at time.Time) row.Op {
		r := row.New(pk, layout.RowWake(k, at, b.ID))
		r.SetFlag("bulk", true)
		o := row.Op{Kind: row.Upsert, Row: r}
		ops = append(ops, o)
		return o
	}
	for k, at := range b.Wakes {
		if was, ok := b.named[k]; !ok || !was.Equal(at) {
			put(k, at)
		}
	}
	for k, was := range b.named {
		if at, ok := b.Wakes[k]; !ok || !was.Equal(at) {
			dead = append(dead, put(k, was))
		}
	}
	return dead, failure.Wrap("store wakes", b.s.o.Lists.Transact(ctx, ops))
}
