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

// DecodeItem reads one item of a list and returns the draft of its request. The draft's Key is
// the item's own idempotency key. Where that is empty, canonical tells the item from others: it
// is the item in its one spelling, and personal data. Errors are *problem.Error.
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
