// Package lease lets one worker at a time claim a row, for 20 s or as long as it renews the claim.
package lease

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// ErrClaimed says that another worker has the lease, or that there is nothing left to do.
var ErrClaimed = errors.New("store: another worker has the claim, or the work has ended")

// Length is how long a claim lasts unless it is renewed. It is shorter than the 30 s after which
// a queue message comes back.
const Length = 20 * time.Second

// RenewEvery is how often Keep renews. Two renewals may fail before a lease ends.
const RenewEvery = 7 * time.Second

// Leases gives claims on the rows of a table.
type Leases struct {
	Table      row.Table
	Clocks     clock.Clocks  // leases follow wall time
	RenewEvery time.Duration // how often Keep renews
}

// End returns the end of a lease that begins now.
func (d Leases) End() time.Time { return clock.Stored(d.Clocks.Wall().Add(Length)) }

// Claim is the lease of the one worker on a task or an import. It changes the row of that task or
// import only, never the head of a request. It is safe for concurrent use.
type Claim struct {
	leases Leases
	task   dsr.TaskID // empty for an import

	mu    sync.Mutex
	row   *row.Row // as this claim last wrote or read it
	lease dsr.Claim
	stale bool      // a write was done but its answer lost: the ETag must be read again
	seen  time.Time // wall time at which storage last showed the lease to be this claim's
	ended bool      // by this claim: released, or the work is done
	lost  bool      // to another worker
}

// Take writes a row with a lease. The owner in the lease is a fresh random id of the worker.
// Take returns ErrClaimed when another lease is live or there is nothing left to do, and
// failure.ErrConflict when the row has changed.
func (d Leases) Take(ctx context.Context, r *row.Row, task dsr.TaskID) (*Claim, error) {
	cl := &Claim{leases: d, task: task, lease: layout.Claim(r), seen: d.Clocks.Wall()}
	a := &taking{cl: cl, r: r}
	what, err := row.Try(ctx, "claim", a)
	switch {
	case err != nil:
		return nil, err
	case what == row.Overtaken && a.busy:
		return nil, ErrClaimed
	case what == row.Overtaken:
		return nil, failure.ErrConflict
	}
	cl.row = a.r
	return cl, nil
}

// Adopt returns the claim of a row that was written with a lease together with other rows, by a
// write that began at a wall time. Stale says that the answer of that write was lost, so that the
// ETag of the row is not known.
func (d Leases) Adopt(r *row.Row, task dsr.TaskID, began time.Time, stale bool) *Claim {
	return &Claim{leases: d, task: task, row: r, lease: layout.Claim(r), seen: began, stale: stale}
}

// taking writes a row with the lease of a claim. The owner of the lease is the id of the write.
type taking struct {
	cl   *Claim
	r    *row.Row
	busy bool // another lease is live, or there is nothing left to do
}

func (a *taking) Write(ctx context.Context) error { return row.Put(ctx, a.cl.leases.Table, a.r) }

func (a *taking) Look(ctx context.Context) (row.Writer, error) {
	now, err := a.cl.leases.Table.Get(ctx, a.r.Partition, a.r.Key)
	if errors.Is(err, failure.ErrNotFound) {
		return row.Unwritten, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	there := layout.Claim(now)
	switch {
	case there.Owner == a.cl.lease.Owner:
		a.r, a.cl.lease = now, there
		return row.Own, now.Err()
	case there.Live(a.cl.leases.Clocks.Wall()), !layout.Open(now):
		a.busy = true
		return row.Other, nil
	}
	return row.Unwritten, now.Err()
}

// Task returns the id of the claimed task. It is empty for an import.
func (cl *Claim) Task() dsr.TaskID { return cl.task }
