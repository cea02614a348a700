package store

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
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// The states of an import.
const (
	BulkReceived  = "received"
	BulkImporting = "importing"
	BulkCompleted = "completed"
	BulkFailed    = "failed"
)

// Bulk is a bulk import. Times are kept to the millisecond. One whose EndedAt is set cannot be
// claimed.
type Bulk struct {
	ID, Tenant, Reference, Caller string
	State                         string
	Blob                          string // name of the input in its container
	Format                        string // ndjson, csv or json
	Digest                        string // of the input
	Lines, Accepted               int64
	Duplicate, Rejected           int64
	Offset, Line                  int64 // where the import stands: bytes and lines that are done
	Chunk                         int   // chunks that are done
	CreatedAt, EndedAt            time.Time
	Wakes                         map[retention.WakeKind]time.Time
	Shard                         int
	Claim                         dsr.Claim // changed by ClaimBulk alone
	Failure                       string    // a code, when the state is failed
	InputETag                     string    // version of the input that was received
}

// BulkCase is an import as it was loaded.
type BulkCase struct {
	Bulk

	s      *Store
	etag   string
	writes []string
	named  map[retention.WakeKind]time.Time // the wakes that the stored row names
	claim  *Claim
}

func (b *BulkCase) row(writes []string) *row.Row {
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
	r.SetJSON("wakes", millisOf(b.Wakes))
	r.SetJSON("writes", writes)
	return r
}

func (s *Store) bulkOf(tenant, id string, r *row.Row) (*BulkCase, error) {
	b := &BulkCase{s: s, etag: r.ETag}
	b.Bulk = Bulk{
		ID: id, Tenant: tenant, Reference: r.Text("reference"), Caller: r.Text("caller"), State: r.Text("state"), Blob: r.Text("blob"),
		Format: r.Text("format"), Digest: r.Text("digest"), Failure: r.Text("failure"), InputETag: r.Text("inputETag"),
		Lines: r.Int("lines"), Accepted: r.Int("accepted"), Duplicate: r.Int("duplicate"), Rejected: r.Int("rejected"),
		Offset: r.Int("offset"), Line: r.Int("line"), Chunk: int(r.Int("chunk")), Shard: int(r.Int("shard")),
		CreatedAt: r.Time("created"), EndedAt: r.Time("ended"), Claim: readClaim(r),
	}
	var wakes map[retention.WakeKind]int64
	r.JSON("wakes", &wakes)
	r.JSON("writes", &b.writes)
	b.Wakes = timesOf(wakes)
	b.named = maps.Clone(b.Wakes)
	return b, r.Err()
}

// LoadBulk reads an import, or ErrNotFound.
func (s *Store) LoadBulk(ctx context.Context, tenant, id string) (*BulkCase, error) {
	if !layout.ValidSegment(tenant) || !layout.ValidSegment(id) {
		return nil, ErrNotFound
	}
	r, err := s.requests.Get(ctx, layout.Partition(tenant, id), layout.RowBulk)
	if err != nil {
		return nil, err
	}
	return s.bulkOf(tenant, id, r)
}

// CreateBulk stores an import: its wakes first, then its row. Existing means that one with that
// id was there before; it is returned as it is. The ID is BulkID, the shard follows from it.
func (s *Store) CreateBulk(ctx context.Context, b Bulk) (c *BulkCase, existing bool, err error) {
	if !layout.ValidSegment(b.Tenant) || !layout.ValidSegment(b.ID) {
		return nil, false, errors.New("store: tenant or id of an import is not an id")
	}
	c = &BulkCase{Bulk: b, s: s}
	c.Shard, c.Claim = shardOf(b.ID), dsr.Claim{}
	c.Wakes = timesOf(millisOf(b.Wakes))
	c.CreatedAt, c.EndedAt = clock.Stored(c.CreatedAt), clock.Stored(c.EndedAt)
	if _, err := c.putWakes(ctx); err != nil {
		return nil, false, err
	}
	c.writes = []string{s.newID()}
	a := &creatingBulk{c: c, r: c.row(c.writes)}
	what, err := try(ctx, "create import", a)
	switch {
	case err != nil:
		return nil, false, err
	case what == done:
		c.etag, c.named = a.r.ETag, maps.Clone(c.Wakes)
		return c, false, nil
	case a.now == nil:
		return nil, false, ErrConflict // it was there, and was gone when it was looked at
	}
	return a.now, what == overtaken, nil
}

// creatingBulk inserts the row of an import.
type creatingBulk struct {
	c   *BulkCase
	r   *row.Row
	now *BulkCase // as a look found it
}

func (a *creatingBulk) write(ctx context.Context) error { return row.Put(ctx, a.c.s.requests, a.r) }

func (a *creatingBulk) look(ctx context.Context) (whose, error) {
	now, err := a.c.s.LoadBulk(ctx, a.c.Tenant, a.c.ID)
	if errors.Is(err, ErrNotFound) {
		return nobodys, nil
	}
	if err != nil {
		return nobodys, err
	}
	a.now = now
	return whoseID(a.c.writes[0], now.writes, nil), nil
}

// putWakes writes the wakes that the import names from now on, and again those that it named
// before, so that these can be deleted afterwards unless somebody asks for them anew.
func (b *BulkCase) putWakes(ctx context.Context) (dead []row.Op, err error) {
	pk := layout.ShardPartition(b.Tenant, b.Shard)
	var ops []row.Op
	put := func(k retention.WakeKind, at time.Time) row.Op {
		r := row.New(pk, layout.RowWake(string(k), at, b.ID))
		r.SetFlag("bulk", true)
		o := upsert(r)
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
	return dead, failure.Wrap("store wakes", b.s.lists.Transact(ctx, ops))
}

// SaveBulk replaces an import if it is unchanged. Under a claim it renews the lease, or ends it
// when EndedAt is set. ErrClaimed when the lease was lost, ErrConflict when somebody else
// changed the import; anything else is a fault of storage.
func (s *Store) SaveBulk(ctx context.Context, b *BulkCase) error {
	etag, lease := b.etag, dsr.Claim{Count: b.Claim.Count}
	if cl := b.claim; cl != nil {
		cl.mu.Lock()
		defer cl.mu.Unlock()
		lease.Count = cl.lease.Count
		if !cl.ended {
			if err := cl.current(ctx); err != nil {
				return err
			}
			if b.EndedAt.IsZero() {
				lease = dsr.Claim{Owner: cl.lease.Owner, Until: s.leaseEnd(), Count: cl.lease.Count}
			}
		}
		etag = cl.row.ETag
	}
	b.Wakes, b.CreatedAt, b.EndedAt = timesOf(millisOf(b.Wakes)), clock.Stored(b.CreatedAt), clock.Stored(b.EndedAt)
	dead, err := b.putWakes(ctx)
	if err != nil {
		return err
	}
	next := *b
	next.Claim, next.writes = lease, remember(b.writes, s.newID())
	a := &savingBulk{b: b, writes: next.writes, r: next.row(next.writes)}
	a.r.ETag = etag
	what, err := try(ctx, "save import", a)
	switch {
	case err != nil:
		return err
	case what == overtaken && a.lost:
		b.claim.lost = true
		return ErrClaimed
	case what == overtaken:
		return ErrConflict
	}
	// From here on it has happened.
	next.saved(a.r)
	*b = next
	_ = s.lists.Transact(ctx, removals(dead)) // best effort: a wake too many is harmless
	return nil
}

// removals deletes rows under the ETags that writing them gave.
func removals(written []row.Op) []row.Op {
	var ops []row.Op
	for _, o := range written {
		if o.Row.ETag != "" {
			ops = append(ops, remove(o.Row))
		}
	}
	return ops
}

// savingBulk replaces the row of an import.
type savingBulk struct {
	b      *BulkCase // as it was loaded
	writes []string  // those that the new row remembers, our own last
	r      *row.Row
	lost   bool // somebody else has the lease
}

func (a *savingBulk) write(ctx context.Context) error { return row.Put(ctx, a.b.s.requests, a.r) }

// look takes the row as it is now if nobody has written since. Otherwise the case keeps the ETag that
// no longer matches, so that its next save is a conflict.
func (a *savingBulk) look(ctx context.Context) (whose, error) {
	now, err := a.b.s.requests.Get(ctx, a.r.Partition, a.r.Key)
	if errors.Is(err, ErrNotFound) {
		return nobodys, nil
	}
	if err != nil {
		return nobodys, err
	}
	var writes []string
	now.JSON("writes", &writes)
	if slices.Equal(writes, a.writes) {
		a.r = now
	}
	who := whoseID(a.writes[len(a.writes)-1], writes, a.b.writes)
	if cl := a.b.claim; who != ours && cl != nil && !cl.ended && readClaim(now).Owner != cl.lease.Owner {
		a.lost, who = true, anothers
	}
	return who, now.Err()
}

// saved brings the case and its claim up to date.
func (b *BulkCase) saved(r *row.Row) {
	b.etag, b.named = r.ETag, maps.Clone(b.Wakes)
	if cl := b.claim; cl != nil {
		cl.row = r
		cl.ended = cl.ended || !openRow(r)
		if !cl.ended {
			cl.lease = b.Claim
		}
	}
}

// ClaimBulk takes the lease of an import that has not ended, as Claim does of a task. SaveBulk
// of the same case is then under it.
func (s *Store) ClaimBulk(ctx context.Context, b *BulkCase, owner string) (*Claim, error) {
	if !b.EndedAt.IsZero() || b.Claim.Live(s.wall()) {
		return nil, ErrClaimed
	}
	cl := &Claim{s: s, lease: dsr.Claim{Owner: owner, Until: s.leaseEnd(), Count: b.Claim.Count + 1}}
	next := *b
	// wakes change by SaveBulk, which writes their rows first
	next.Claim, next.Wakes = cl.lease, b.named
	r := next.row(b.writes)
	r.ETag = b.etag
	if err := cl.take(ctx, r); err != nil {
		return nil, err
	}
	b.Claim, b.claim, b.etag = cl.lease, cl, cl.row.ETag
	return cl, nil
}
