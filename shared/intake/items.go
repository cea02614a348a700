package intake

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Knows reports whether a tenant is configured.
func (s *Service) Knows(tenant string) bool {
	_, ok := s.Tenants.Tenant(tenant)
	return ok
}

// DecodeItem reads one item of a bulk and returns the draft of its request. Its Key is the
// item's own idempotency key, and empty where it has none: then canonical, the item in its one
// spelling, tells it from others. canonical is personal data. Errors are
// *problem.Error.
func (s *Service) DecodeItem(caller, tenant string, item []byte, now time.Time) (d store.Draft, canonical []byte, err error) {
	t, ok := s.Tenants.Tenant(tenant)
	if !ok {
		return store.Draft{}, nil, problem.New(problem.UnknownTenant, "", "the tenant is not configured")
	}
	sub, err := DecodeItem(item)
	if err != nil {
		return store.Draft{}, nil, err
	}
	d, err = s.Draft(caller, t, sub.Key, sub, now)
	if err != nil {
		return store.Draft{}, nil, err
	}
	return d, []byte(sub.Canonical().Reveal()), nil
}
