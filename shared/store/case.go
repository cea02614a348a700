package store

import (
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
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
	rows   map[dsr.TaskID]taskRow // a task that is not in it is unread
	sealed []byte
	first  string   // id of the write that made the request
	writes []string // ids of the last writes of the head
	ring   *seal.Ring
	left   []row.Op // list rows that the next commit, or Tidy, deletes
	stale  bool     // a write was done but its answer lost: the ETags must be read again
}

// taskRow is what is known about a task's row that was read or written. The ETag of a row that is
// not stored is empty.
type taskRow struct {
	etag string
	seq  int64
}

// endFormer sets the wake for the next former place whose time is up, where the list has changed.
func (c *Case) endFormer(was *Case) {
	if slices.Equal(c.Former, was.Former) {
		return
	}
	delete(c.Wakes, retention.WakeFormer)
	for _, f := range c.Former {
		at := clock.Stored(f.Since.Add(retention.KeepFormer))
		if first, set := c.Wakes[retention.WakeFormer]; !set || at.Before(first) {
			c.Wakes[retention.WakeFormer] = at
		}
	}
}
