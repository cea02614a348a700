package store

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Case is a request as it was loaded, with what a change of it needs. It is not safe for
// concurrent use, but for Private, Seal and Unseal.
type Case struct {
	dsr.Request
	Wakes    map[retention.WakeKind]time.Time // the live ones, to the millisecond
	Shard    int                              // of lists and keys
	KeyID    string                           // of the case's data key
	BodyHash string                           // keyed hash of the canonical body that made it

	s      *Store
	etag   string
	rows   map[dsr.TaskID]taskRow
	late   []lateTask
	sealed []byte
	first  string   // id of the write that made it
	writes []string // ids of the last writes of the head
	ring   *seal.Ring
	stale  bool // a write of ours succeeded whose answer was lost: the ETags are to be read again
}

// taskRow is what is known of a task's row; the ETag of one that does not exist yet is empty.
type taskRow struct {
	etag string
	seq  int64
}

// lateTask is a task whose row lags behind: an event changed more tasks than one transaction
// holds rows, so the head carries the rest. A row that was written at the same event or later
// counts instead.
type lateTask struct {
	Seq  int64    `json:"seq"`
	Task dsr.Task `json:"task"`
}
