package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
)

// Claim takes the lease of an open task for 20 s of wall time and counts the claim. Owner is a
// fresh random id of the worker. Claim returns ErrClaimed when another lease is live or the task
// is no longer open, ErrConflict when the task has changed since the case was loaded, and
// ErrNotFound when the request has no such task.
func (s *Store) Claim(ctx context.Context, c *Case, id dsr.TaskID, owner string) (*lease.Claim, error) {
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	t := c.Task(id)
	switch {
	case t == nil:
		return nil, ErrNotFound
	case t.State != dsr.TaskOpen:
		return nil, ErrClaimed
	}
	if err := c.Expect(ctx, id); err != nil {
		return nil, err
	}
	if t.Claim.Live(s.wall()) {
		return nil, ErrClaimed
	}
	next := *t
	next.Claim = dsr.Claim{Owner: owner, Until: s.leases.End(), Count: t.Claim.Count + 1, Faults: t.Claim.Faults}
	r := writeTask(layout.Partition(c.Tenant, c.ID), next, taskRow{etag: c.rows[id].etag, seq: c.Seq})
	cl, err := s.leases.Take(ctx, r, id)
	if err != nil {
		return nil, err
	}
	h := cl.Lock()
	defer h.Unlock()
	t.Claim = next.Claim
	c.rows[id] = taskRow{etag: h.Row().ETag, seq: c.Seq}
	return cl, nil
}
