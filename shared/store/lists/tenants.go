package lists

import (
	"context"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// partitionTenants belongs to no tenant: the partitions of tenants end with a shard.
const partitionTenants = "tenants"

// Remember keeps the ids of tenants for ever: what is stored for a tenant must be deleted in time
// even when the tenant is no longer configured. The rows consist of their keys, so writing one
// twice changes nothing. Remember costs one read when all tenants are known.
func (s *Lists) Remember(ctx context.Context, tenants []string) error {
	known, err := s.Tenants(ctx)
	if err != nil {
		return err
	}
	var ops []row.Op
	for _, t := range tenants {
		if layout.ValidSegment(t) && !slices.Contains(known, t) {
			known = append(known, t)
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

// Tenants returns the ids of all tenants that were ever remembered, in order.
func (s *Lists) Tenants(ctx context.Context) ([]string, error) {
	rows, err := s.o.Lists.Range(ctx, partitionTenants, "-", "~", 0)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Key)
	}
	return out, nil
}
