package due

import (
	"context"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// Remember stores which tenants are configured, so that what is stored for them still ends
// after they are removed from the document.
func (s *Sweeper) Remember(ctx context.Context) error {
	return s.Store.Lists.Remember(ctx, s.Tenants.IDs())
}

// EverTenants returns the tenants that are configured and those that ever were, with the number
// of their shards as it is now. With an error it returns the first shard of the configured ones.
func (s *Sweeper) EverTenants(ctx context.Context) ([]lists.Tenant, error) {
	out, err := s.Store.Lists.Tenants(ctx)
	for _, id := range s.Tenants.IDs() {
		if !slices.ContainsFunc(out, func(t lists.Tenant) bool { return t.ID == id }) {
			out = append(out, lists.Tenant{ID: id, Shards: 1})
		}
	}
	return out, err
}

// Missing tells an operator which of the tenants are no longer configured, since they may
// have been removed by mistake.
func (s *Sweeper) Missing(ctx context.Context, ever []lists.Tenant) {
	for _, t := range ever {
		if _, ok := s.Tenants.Tenant(t.ID); !ok {
			s.Log.WarnContext(ctx, "tenant is not configured; what is due for it still ends", "code", "tenant-not-configured", "tenant", t.ID)
		}
	}
}
