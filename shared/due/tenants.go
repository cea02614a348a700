package due

import (
	"context"
	"slices"
)

// Remember stores which tenants are configured, so that what is stored for them still ends
// after they are removed from the document.
func (s *Sweeper) Remember(ctx context.Context) error {
	return s.Store.Lists.Remember(ctx, s.Tenants.IDs())
}

// EverTenants returns the tenants that are configured and those that ever were. With an error
// it returns the configured ones.
func (s *Sweeper) EverTenants(ctx context.Context) ([]string, error) {
	out := s.Tenants.IDs()
	ever, err := s.Store.Lists.Tenants(ctx)
	for _, t := range ever {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, err
}

// Missing tells an operator which of the tenants are no longer configured, since they may
// have been removed by mistake.
func (s *Sweeper) Missing(ctx context.Context, ever []string) {
	for _, t := range ever {
		if _, ok := s.Tenants.Tenant(t); !ok {
			s.Log.WarnContext(ctx, "tenant is not configured; what is due for it still ends", "code", "tenant-not-configured", "tenant", t)
		}
	}
}
