package imports

import (
	"context"
	"errors"
	"maps"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Create stores an import: first its wakes, then its row. Existing says that an import with that id
// existed before: it is returned as it is. The id comes from ID.
func (s *Imports) Create(ctx context.Context, b Import) (c *Case, existing bool, err error) {
	if !layout.ValidSegment(b.Tenant) || !layout.ValidSegment(b.ID) {
		return nil, false, errors.New("store: the tenant or the id of the import is not an id")
	}
	c = &Case{Import: b, s: s}
	c.Shard, c.Import.Claim = s.o.Shards.Shard(ctx, b.Tenant, b.ID, 1), dsr.Claim{}
	c.Wakes = layout.WakesIn(layout.WakesOut(b.Wakes))
	c.CreatedAt, c.EndedAt = clock.Stored(c.CreatedAt), clock.Stored(c.EndedAt)
	if _, err := c.putWakes(ctx); err != nil {
		return nil, false, err
	}
	c.writes = []string{row.NewID(s.o.Random)}
	a := &creation{c: c, r: c.row(c.writes)}
	what, err := row.Try(ctx, "create import", a)
	switch {
	case err != nil:
		return nil, false, err
	case what == row.Done:
		c.etag, c.named = a.r.ETag, maps.Clone(c.Wakes)
		return c, false, nil
	case a.now == nil:
		return nil, false, failure.ErrConflict // it existed, but was gone when it was read
	}
	return a.now, what == row.Overtaken, nil
}

// creation inserts the row of an import.
type creation struct {
	c   *Case
	r   *row.Row
	now *Case // as Look found it
}

func (a *creation) Write(ctx context.Context) error { return row.Put(ctx, a.c.s.o.Requests, a.r) }

func (a *creation) Look(ctx context.Context) (row.Writer, error) {
	now, err := a.c.s.Load(ctx, a.c.Tenant, a.c.ID)
	if errors.Is(err, failure.ErrNotFound) {
		return row.Unwritten, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	a.now = now
	return row.WriterOf(a.c.writes[0], now.writes, nil), nil
}
