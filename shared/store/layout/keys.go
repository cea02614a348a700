// Package layout names the tables and makes the keys of all rows.
package layout

import (
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// The keys of all tables.
//
//	table     partition            row key                          what the row holds
//	requests  {tenant}|{request}   h                                head: state, times, wakes,
//	                                                                tasks, sealed part
//	                               h|{task}                         claim, proofs and parts of a
//	                                                                task, findings, text
//	                               e|{seq:010}                      event, never changed
//	                               f|…                              kept for findings that are too
//	                                                                many for a task's row
//	                               o|…                              kept for operations: what an
//	                                                                effect does, and did
//	          {tenant}|{bulk}      bulk                             bulk import
//	          {tenant}|{key hash}  bulk-key                         import of an idempotency key
//	lists     {tenant}|{shard}     w|{job}|{clock}|{due ms:013}     wake: what one job has to do
//	                                 |{kind}|{id}                   by one clock is one range
//	                               n|{max - received ms:013}|{id}   newest received first
//	                               s|{state}|{due ms:013}|{id}      by state, first due first; the
//	                                                                states of workers are one:
//	                                                                working
//	                               s|{state}|{ending}|{due ms:013}  of an ended request: by state
//	                                 |{id}                          and how it ended
//	                               d|{due ms:013}|{id}              first due first
//	          tenants              {tenant}                         tenant that is or was known,
//	                                                                and how many shards it has
//	keys      {tenant}|{shard}     {hour:010}-{random:032}          key of a case, wrapped by the
//	                                                                key of its hour
//	          {tenant}|hours       h|{hour:010}                     key of an hour of wall time,
//	                                                                wrapped by the vault's key
//
// Segments are [0-9a-z-]+ and have a fixed width where order matters. No key ever holds text that
// a caller wrote: the ids of requests and imports are keyed hashes of it.
const (
	TableRequests = "requests" // heads, tasks, events, imports and idempotency keys
	TableLists    = "lists"    // list rows, wakes and tenants
	TableKeys     = "keys"     // wrapped keys of cases and hours

	RowHead    = "h"        // row key of a head
	RowBulk    = "bulk"     // row key of an import
	RowBulkKey = "bulk-key" // row key of an idempotency key
)

// MaxShards is the most partitions of lists, and of keys, that a tenant gets. A tenant begins with
// one. The number grows with need, because heads name their shard. It never shrinks.
const MaxShards = 64

// maxMillis is the largest time that 13 digits hold: the year 2286.
const maxMillis = 9999999999999

// Partition returns the partition of a request or an import.
func Partition(tenant, id string) string { return tenant + "|" + id }

// ShardPartition returns the partition of a tenant's shard.
func ShardPartition(tenant string, shard int) string { return fmt.Sprintf("%s|%d", tenant, shard) }

// RowTask returns the row key of a task.
func RowTask(id dsr.TaskID) string { return RowHead + "|" + string(id) }

// RowEvent returns the row key of the event with a sequence number.
func RowEvent(seq int64) string { return fmt.Sprintf("e|%010d", seq) }

// RowWake returns the row key of a wake. The retention table says which job handles the kind, and
// which clock it follows.
func RowWake(kind retention.WakeKind, due time.Time, id string) string {
	return fmt.Sprintf("%s%s|%s|%s", WakePrefix(kind.Job(), kind.Clock()), Millis(due), kind, id)
}

// WakePrefix is what the row keys of all wakes of a job that follow one clock begin with. The due
// time follows, so that the longest due come first, whatever their kinds.
func WakePrefix(job dsr.Step, clock retention.Clock) string {
	return fmt.Sprintf("w|%s|%s|", job, clock)
}

// ListRows returns the keys of the list rows that a request must have. Any other list row that
// leads to the request is outdated.
func ListRows(r *dsr.Request) []string {
	return []string{
		fmt.Sprintf("n|%013d|%s", maxMillis-ClampMillis(r.ReceivedAt), r.ID),
		StatePrefix(r.State, r.Ending()) + Millis(r.DueAt) + "|" + r.ID,
		fmt.Sprintf("d|%s|%s", Millis(r.DueAt), r.ID),
	}
}

// StatePrefix is what the keys of the list rows of a state begin with, and of one ending where the
// state is final. The due time and the id follow. The states in which workers are at it share one,
// so that a request that goes through them in a second moves no list row: the head tells which it
// is.
func StatePrefix(s dsr.State, e dsr.Ending) string {
	switch {
	case s.Working():
		return "s|working|"
	case e == "":
		return fmt.Sprintf("s|%s|", s)
	}
	return fmt.Sprintf("s|%s|%s|", s, e)
}

// Millis writes a time in milliseconds with 13 digits, so that keys sort by time.
func Millis(t time.Time) string { return fmt.Sprintf("%013d", ClampMillis(t)) }

// ClampMillis returns a time in milliseconds, between 0 and what 13 digits hold.
func ClampMillis(t time.Time) int64 { return min(max(t.UnixMilli(), 0), maxMillis) }

// ValidSegment reports whether s can be a segment of a key: `[0-9a-z-]{1,80}`. Any other text names
// nothing that is stored.
func ValidSegment(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 80
}
