package store

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// Load reads the head of a request, which says what a decision about it needs, and then the rows of
// those tasks that are named, each by its key: ranges get slower with what else is stored. It
// returns ErrNotFound for a request that does not exist, for one of another tenant, and for a text
// that cannot be an id.
func (s *Store) Load(ctx context.Context, tenant, id string, tasks ...dsr.TaskID) (*Case, error) {
	if !layout.ValidSegment(tenant) || !layout.ValidSegment(id) {
		return nil, ErrNotFound
	}
	for try := 1; ; try++ {
		c, err := s.loadOnce(ctx, tenant, id, tasks)
		if !errors.Is(err, ErrConflict) || try == maxTears {
			return c, err
		}
	}
}

// maxTears is how often Load reads a head that is older than the rows of its tasks.
const maxTears = 5

func (s *Store) loadOnce(ctx context.Context, tenant, id string, tasks []dsr.TaskID) (*Case, error) {
	head, err := s.requests.Get(ctx, layout.Partition(tenant, id), layout.RowHead)
	if err != nil {
		return nil, err
	}
	c, err := s.caseOf(tenant, id, head)
	if err != nil {
		return nil, err
	}
	return c, c.ReadTasks(ctx, tasks...)
}

// Whole returns the case with the rows of all its tasks, as it was loaded or, when the request has
// changed since, as it is now.
func (s *Store) Whole(ctx context.Context, c *Case) (*Case, error) {
	err := c.ReadAllTasks(ctx)
	if !errors.Is(err, ErrConflict) {
		return c, err
	}
	return s.Load(ctx, c.Tenant, c.ID, c.taskIDs()...)
}

// Reload reads the request again, with the rows of the tasks that this case has read or expected.
func (s *Store) Reload(ctx context.Context, c *Case) (*Case, error) {
	return s.Load(ctx, c.Tenant, c.ID, slices.Collect(maps.Keys(c.rows))...)
}

// refresh reads the ETags again after a write whose answer was lost. It returns ErrConflict when
// another writer has changed the request meanwhile: the caller decided on an outdated case.
func (c *Case) refresh(ctx context.Context) error {
	if !c.stale {
		return nil
	}
	now, err := c.s.Reload(ctx, c)
	if err != nil {
		return err
	}
	if now.Seq != c.Seq || !slices.Equal(now.writes, c.writes) {
		return ErrConflict
	}
	c.etag, c.rows, c.stale = now.etag, now.rows, false
	for i := range c.Tasks {
		if t := now.Task(c.Tasks[i].ID); t != nil {
			c.Tasks[i].Claim = t.Claim // a claim changes the task's row only
		}
	}
	return nil
}
