package layout

import (
	"encoding/hex"
	"hash/fnv"
)

// GUID writes the first 128 bits of a MAC as a lower-case GUID.
func GUID(mac []byte) string {
	h := hex.EncodeToString(mac[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ShardOf returns one of so many shards for an id. Ids spread evenly over the shards.
func ShardOf(id string, shards int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % uint32(max(shards, 1)))
}

// PackageName returns the name of the blob of a package. The id is that of the write that began its
// assembly: no two assemblies have the same name, and all attempts of one have.
func PackageName(tenant, request, id string) string {
	return tenant + "/" + request + "/" + id + ".zip"
}
