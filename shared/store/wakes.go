package store

import (
	"context"
	"time"
)

// WakeKind says what a wake is for.
type WakeKind string

// The kinds of wake.
const (
	WakeRedeliver  WakeKind = "redeliver"   // send the messages of what is workable again
	WakePackage    WakeKind = "package"     // the package's retention ends
	WakeParts      WakeKind = "parts"       // parts are to be deleted
	WakeBulk       WakeKind = "bulk"        // an import is to be continued
	WakeBulkInput  WakeKind = "bulk-input"  // an import's input is to be deleted
	WakeBulkResult WakeKind = "bulk-result" // an import's result is to be deleted
)

// WakeKinds are all kinds of wake.
func WakeKinds() []WakeKind {
	return []WakeKind{WakeRedeliver, WakePackage, WakeParts, WakeBulk, WakeBulkInput, WakeBulkResult}
}

// Clock says which time a wake follows.
type Clock string

// The clocks.
const (
	WallClock     Clock = "wall"
	BusinessClock Clock = "business"
)

// Clock is the clock that a kind of wake follows: redelivery is of wall time, retention of business time.
func (k WakeKind) Clock() Clock {
	if k == WakeRedeliver || k == WakeBulk {
		return WallClock
	}
	return BusinessClock
}

// Wake is a durable timer: look at this request, or at this import, again at Due.
type Wake struct {
	Kind    WakeKind
	Due     time.Time
	Tenant  string
	Shard   int
	ID      string // of the request or the import
	Bulk    bool
	KeyID   string    // of the case's key, in a wake that was written with its request
	Written time.Time // wall time of the storage service

	etag string
	rows []string // list rows that were written with it
}

// DueWakes returns up to limit wakes of a kind that are due in a shard, the longest due first. It is one range query, whatever else is
// stored.
func (s *Store) DueWakes(ctx context.Context, tenant string, shard int, k WakeKind, now time.Time, limit int) ([]Wake, error) {
	panic("soon")
}

// DropWake deletes a wake that no head names, with the list rows and the key that were written with it, when it is older than an hour:
// its request was never made. It looks at the head itself and leaves everything alone that the head names or that is younger.
func (s *Store) DropWake(ctx context.Context, w Wake) error { panic("soon") }
