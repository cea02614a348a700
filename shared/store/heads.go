package store

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// heads tells the lists what the heads of requests and imports name.
type heads struct{ s *Store }

// Request implements lists.Heads.
func (h heads) Request(ctx context.Context, tenant, id string) (lists.Head, error) {
	c, err := h.s.Load(ctx, tenant, id)
	if err != nil {
		return lists.Head{}, err
	}
	return lists.Head{Request: &c.Request, Shard: c.Shard, KeyID: c.KeyID, Wakes: c.Wakes}, nil
}

// Import implements lists.Heads.
func (h heads) Import(ctx context.Context, tenant, id string) (lists.Head, error) {
	b, err := h.s.Imports.Load(ctx, tenant, id)
	if err != nil {
		return lists.Head{}, err
	}
	return lists.Head{Shard: b.Shard, Wakes: b.Wakes}, nil
}
