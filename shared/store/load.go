package store

import (
	"context"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Load reads a request with its tasks in one call. It returns ErrNotFound for a request that does
// not exist, for one of another tenant, and for a text that cannot be an id.
func (s *Store) Load(ctx context.Context, tenant, id string) (*Case, error) {
	if !layout.ValidSegment(tenant) || !layout.ValidSegment(id) {
		return nil, ErrNotFound
	}
	for try := 1; ; try++ {
		c, torn, err := s.loadOnce(ctx, tenant, id)
		if err != nil || !torn || try == maxTears {
			return c, err
		}
	}
}

// maxTears is how often Load reads before it accepts a torn answer. A torn case does no harm,
// because every change is conditional.
const maxTears = 5

// loadOnce reads the range of head and tasks. Its pages may be read at different points in time. A
// task that is newer than the head says that the answer is torn.
func (s *Store) loadOnce(ctx context.Context, tenant, id string) (c *Case, torn bool, err error) {
	rows, err := s.requests.Range(ctx, layout.Partition(tenant, id), layout.RowHead, "i", 0)
	if err != nil {
		return nil, false, err
	}
	if len(rows) == 0 || rows[0].Key != layout.RowHead {
		return nil, false, ErrNotFound
	}
	tasks := make(map[dsr.TaskID]*row.Row, len(rows))
	for _, r := range rows[1:] {
		tasks[dsr.TaskID(r.Key[len(layout.RowHead)+1:])] = r
	}
	if c, err = s.caseOf(tenant, id, rows[0], tasks); err != nil {
		return nil, false, err
	}
	for _, t := range c.rows {
		torn = torn || t.seq > c.Seq
	}
	return c, torn, nil
}

// refresh reads the ETags again after a write whose answer was lost. It returns ErrConflict when
// another writer has changed the request meanwhile: the caller decided on an outdated case.
func (c *Case) refresh(ctx context.Context) error {
	if !c.stale {
		return nil
	}
	now, err := c.s.Load(ctx, c.Tenant, c.ID)
	if err != nil {
		return err
	}
	if now.Seq != c.Seq || !slices.Equal(now.writes, c.writes) {
		return ErrConflict
	}
	c.etag, c.rows, c.late, c.stale = now.etag, now.rows, now.late, false
	for i := range c.Tasks {
		if t := now.Task(c.Tasks[i].ID); t != nil {
			c.Tasks[i].Claim = t.Claim // a claim changes the task's row only
		}
	}
	return nil
}
