package store

import (
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// RequestID returns the id of the request that a caller makes in a tenant with an idempotency key.
// The key, which is a text of the caller, cannot be found from it.
func (s *Store) RequestID(caller, tenant, key string) string {
	return layout.GUID(pii.MAC(s.idKey, "request", caller, tenant, key))
}
