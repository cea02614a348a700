package store

import (
	"encoding/hex"
	"hash/fnv"

	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// guidOf writes 128 bits of a MAC as a lower-case GUID.
func guidOf(mac []byte) string {
	h := hex.EncodeToString(mac[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// RequestID is the id of the request that a caller makes in a tenant with an idempotency key.
// The key, a caller's text, cannot be found from it.
func (s *Store) RequestID(caller, tenant, key string) string {
	return guidOf(pii.MAC(s.idKey, "request", caller, tenant, key))
}

// BulkID is the id of the import with a reference in a tenant.
func (s *Store) BulkID(tenant, reference string) string {
	return guidOf(pii.MAC(s.idKey, "bulk", tenant, reference))
}

// shardOf spreads ids over the shards.
func shardOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % layout.Shards)
}
