package lists

import (
	"context"
	"errors"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// partitionTenants belongs to no tenant: the partitions of tenants end with a shard.
const partitionTenants = "tenants"

// Tenant is a tenant that is or was known.
type Tenant struct {
	ID     string
	Shards int // its rows lie in the shards below this number; at least 1
}

// Remember keeps the ids of tenants for ever: what is stored for a tenant must be deleted in time
// even when the tenant is no longer configured. Writing a row twice changes nothing. Remember costs
// one read when all tenants are known.
func (s *Lists) Remember(ctx context.Context, tenants []string) error {
	known, err := s.Tenants(ctx)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, t := range known {
		have[t.ID] = true
	}
	var ops []row.Op
	for _, t := range tenants {
		if layout.ValidSegment(t) && !have[t] {
			have[t] = true
			// The upsert keeps the number of shards.
			ops = append(ops, row.Op{Kind: row.Upsert, Row: row.New(partitionTenants, t)})
		}
	}
	for chunk := range slices.Chunk(ops, row.MaxOps) {
		if err := s.o.Lists.Transact(ctx, chunk); err != nil {
			return failure.Wrap("remember tenants", err)
		}
	}
	return nil
}

// Tenants returns all tenants that were ever remembered, in the order of their ids. It makes one
// range query for each 1,000.
func (s *Lists) Tenants(ctx context.Context) ([]Tenant, error) {
	asked := s.o.Clocks.Wall()
	rows, err := s.o.Lists.Range(ctx, partitionTenants, "-", "~", 0)
	if err != nil {
		return nil, err
	}
	out := make([]Tenant, 0, len(rows))
	for _, r := range rows {
		t := Tenant{ID: r.Key, Shards: shardsOf(r)}
		if err := r.Err(); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	s.writers.learn(asked, out...)
	return out, nil
}

// tenant reads one tenant. One that was never remembered has one shard.
func (s *Lists) tenant(ctx context.Context, id string) (Tenant, error) {
	r, err := s.o.Lists.Get(ctx, partitionTenants, id)
	if errors.Is(err, failure.ErrNotFound) {
		return Tenant{ID: id, Shards: 1}, nil
	}
	if err != nil {
		return Tenant{}, err
	}
	return Tenant{ID: id, Shards: shardsOf(r)}, r.Err()
}

// shardsOf reads the number of shards from the row of a tenant. A row without a number has one.
func shardsOf(r *row.Row) int { return max(1, int(r.Int(propShards))) }

// propShards is the number of shards in the row of a tenant.
const propShards = "shards"
