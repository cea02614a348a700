package store

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"regexp"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// The whole key layout.
//
//	table     partition            row
//	requests  {tenant}|{request}   h                                head: state, times, wakes, counts, sealed part
//	                               h|{task}                         task
//	                               e|{seq:010}                      event, never changed
//	          {tenant}|{bulk}      bulk                             bulk import
//	          {tenant}|{key hash}  bulk-key                         which import an idempotency key was used for
//	lists     {tenant}|{shard}     w|{kind}|{due ms:013}|{id}       wake
//	                               n|{max - received ms:013}|{id}   newest received first
//	                               s|{state}|{due ms:013}|{id}      by state, first due first
//	                               d|{due ms:013}|{id}              first due first
//	          tenants              {tenant}                         a tenant that there is or was
//	keys      {tenant}|{shard}     {key id}                         wrapped data key of a case
//
// Segments are [0-9a-z-]+ and of fixed width where order matters. No key ever holds anything that a caller wrote: request and bulk ids
// are keyed hashes of it.
const (
	tableRequests = "requests"
	tableLists    = "lists"
	tableKeys     = "keys"

	rowHead    = "h"
	rowBulk    = "bulk"
	rowBulkKey = "bulk-key"
)

// Shards is how many partitions of lists, and of keys, a tenant has. It can grow (heads name their shard), never shrink.
const Shards = 8

// maxMillis is the largest time that 13 digits hold: the year 2286.
const maxMillis = 9999999999999

func partition(tenant, id string) string             { return tenant + "|" + id }
func shardPartition(tenant string, shard int) string { return fmt.Sprintf("%s|%d", tenant, shard) }
func rowTask(id dsr.TaskID) string                   { return rowHead + "|" + string(id) }
func rowEvent(seq int64) string                      { return fmt.Sprintf("e|%010d", seq) }
func rowWake(k WakeKind, due time.Time, id string) string {
	return fmt.Sprintf("w|%s|%s|%s", k, millis(due), id)
}

// listRows are the list rows that a head calls for: a row that is not among them contradicts its head.
func listRows(r *dsr.Request) []string {
	return []string{
		fmt.Sprintf("n|%013d|%s", maxMillis-clampMillis(r.ReceivedAt), r.ID),
		fmt.Sprintf("s|%s|%s|%s", r.State, millis(r.DueAt), r.ID),
		fmt.Sprintf("d|%s|%s", millis(r.DueAt), r.ID),
	}
}

func millis(t time.Time) string { return fmt.Sprintf("%013d", clampMillis(t)) }

func clampMillis(t time.Time) int64 { return min(max(t.UnixMilli(), 0), maxMillis) }

var segment = regexp.MustCompile(`^[0-9a-z-]{1,80}$`)

// validSegment reports whether s can be a segment of a key. What cannot names nothing that is stored.
func validSegment(s string) bool { return segment.MatchString(s) }

// guidOf writes 128 bits of a MAC as a lower-case GUID.
func guidOf(mac []byte) string {
	h := hex.EncodeToString(mac[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// RequestID is the id of the request that a caller makes in a tenant with an idempotency key. The key, a caller's text, cannot be
// found from it.
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
	return int(h.Sum32() % Shards)
}
