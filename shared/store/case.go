package store

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Case is a request as it was loaded, with what a change of it needs. Only Private, Seal and Unseal
// are safe for concurrent use.
type Case struct {
	dsr.Request
	Wakes    map[retention.WakeKind]time.Time // those that are set, to the millisecond
	Shard    int                              // shard of its rows in tables lists and keys
	KeyID    string                           // id of the case's data key
	BodyHash string                           // keyed hash of the canonical body of its creation

	s      *Store
	etag   string
	rows   map[dsr.TaskID]taskRow
	late   []lateTask
	sealed []byte
	first  string   // id of the write that made the request
	writes []string // ids of the last writes of the head
	ring   *seal.Ring
	left   []row.Op // list rows that the next commit, or Tidy, deletes
	stale  bool     // a write was done but its answer lost: the ETags must be read again
}

// taskRow is what is known about a task's row. The ETag of a row that is not stored yet is empty.
type taskRow struct {
	etag string
	seq  int64
}

// lateTask is a task whose row is out of date. An event changed more tasks than one transaction
// holds rows, so the head carries the rest. A row that was written at the same event or later takes
// precedence.
type lateTask struct {
	Seq  int64    `json:"seq"`
	Task dsr.Task `json:"task"`
}
