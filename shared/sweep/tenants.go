package sweep

import (
	"context"
	"slices"
)

// Remember keeps which tenants are configured, so that what is stored of them ends also when they no longer are.
func (s *Sweeper) Remember(ctx context.Context) error {
	return s.Store.RememberTenants(ctx, s.Tenants())
}

// EverTenants are the tenants that are configured and those that ever were. With an error they are the configured ones.
func (s *Sweeper) EverTenants(ctx context.Context) ([]string, error) {
	out := slices.Clone(s.Tenants())
	ever, err := s.Store.Tenants(ctx)
	for _, t := range ever {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, err
}

// missing tells an operator of the tenants that are no longer configured: nothing new comes of them, and some may be gone by mistake.
func (s *Sweeper) missing(ctx context.Context, ever []string) {
	configured := s.Tenants()
	for _, t := range ever {
		if !slices.Contains(configured, t) {
			s.Log.WarnContext(ctx, "tenant is not configured; what is due of it still ends", "code", "tenant-not-configured", "tenant", t)
		}
	}
}
