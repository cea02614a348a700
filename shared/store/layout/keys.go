// Package layout names the tables and writes the keys of every row.
package layout

import (
	"fmt"
	"regexp"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
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
// Segments are [0-9a-z-]+ and of fixed width where order matters. No key ever holds anything
// that a caller wrote: request and bulk ids are keyed hashes of it.
const (
	TableRequests = "requests"
	TableLists    = "lists"
	TableKeys     = "keys"

	RowHead    = "h"
	RowBulk    = "bulk"
	RowBulkKey = "bulk-key"
)

// Shards is how many partitions of lists, and of keys, a tenant has. It can grow (heads name
// their shard), never shrink.
const Shards = 8

// maxMillis is the largest time that 13 digits hold: the year 2286.
const maxMillis = 9999999999999

func Partition(tenant, id string) string             { return tenant + "|" + id }
func ShardPartition(tenant string, shard int) string { return fmt.Sprintf("%s|%d", tenant, shard) }
func RowTask(id dsr.TaskID) string                   { return RowHead + "|" + string(id) }
func RowEvent(seq int64) string                      { return fmt.Sprintf("e|%010d", seq) }
func RowWake(kind string, due time.Time, id string) string {
	return fmt.Sprintf("w|%s|%s|%s", kind, Millis(due), id)
}

// listRows are the list rows that a head calls for: a row that is not among them contradicts
// its head.
func ListRows(r *dsr.Request) []string {
	return []string{
		fmt.Sprintf("n|%013d|%s", maxMillis-ClampMillis(r.ReceivedAt), r.ID),
		fmt.Sprintf("s|%s|%s|%s", r.State, Millis(r.DueAt), r.ID),
		fmt.Sprintf("d|%s|%s", Millis(r.DueAt), r.ID),
	}
}

func Millis(t time.Time) string { return fmt.Sprintf("%013d", ClampMillis(t)) }

func ClampMillis(t time.Time) int64 { return min(max(t.UnixMilli(), 0), maxMillis) }

var segment = regexp.MustCompile(`^[0-9a-z-]{1,80}$`)

// validSegment reports whether s can be a segment of a key. What cannot names nothing that is
// stored.
func ValidSegment(s string) bool { return segment.MatchString(s) }
