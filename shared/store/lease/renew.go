package lease

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Renew lengthens the lease to 20 s from now. ErrClaimed says that it was lost or has ended.
func (cl *Claim) Renew(ctx context.Context) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	next := cl.lease
	next.Until = cl.leases.End()
	return cl.set(ctx, next)
}

// Release ends the lease early, so that the next worker need not wait. The count of claims stays.
func (cl *Claim) Release(ctx context.Context) error {
	return cl.release(ctx, func(was dsr.Claim) dsr.Claim { return dsr.Claim{Count: was.Count, Faults: was.Faults} })
}

// GiveBack releases a claim under which nothing could be done because storage failed. The claim is
// not counted.
func (cl *Claim) GiveBack(ctx context.Context) error {
	return cl.release(ctx, func(was dsr.Claim) dsr.Claim { return dsr.Claim{Count: was.Count - 1, Faults: was.Faults} })
}

// Yield releases a claim under which something was done and more is to do. Claims are counted anew,
// beginning with this one.
func (cl *Claim) Yield(ctx context.Context) error {
	return cl.release(ctx, func(was dsr.Claim) dsr.Claim { return dsr.Claim{Count: 1, Faults: was.Faults} })
}

// Fault releases the claim after the n-th upstream fault in a row. The task rests until a wall
// time.
func (cl *Claim) Fault(ctx context.Context, n int, until time.Time) error {
	return cl.release(ctx, func(was dsr.Claim) dsr.Claim {
		return dsr.Claim{Until: clock.Stored(until), Count: was.Count, Faults: n}
	})
}

func (cl *Claim) release(ctx context.Context, next func(was dsr.Claim) dsr.Claim) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.ended {
		return nil
	}
	err := cl.set(ctx, next(cl.lease))
	if err == nil {
		cl.ended = true
	}
	return err
}

// errChanging says that the row of a claim changed twice while its lease was written.
var errChanging = errors.New("store: renew claim: the row keeps changing")

// set replaces the row by one with another lease. It tries twice when the row changed but still
// has this claim's lease: a commit was done but its answer lost.
func (cl *Claim) set(ctx context.Context, next dsr.Claim) error {
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	for range 2 {
		a := &renewal{cl: cl, next: next, r: layout.WithClaim(cl.row, next)}
		began := cl.leases.Clocks.Wall()
		what, err := row.Try(ctx, "renew claim", a)
		switch {
		case err != nil:
			cl.stale = true // the row may have been written
			return err
		case cl.lost:
			return ErrClaimed
		case what == row.Done:
			cl.row, cl.lease, cl.stale, cl.seen = a.r, next, false, began
			return nil
		case what == row.FoundDone: // Look has taken over the row
			return nil
		}
	}
	return errChanging
}

// renewal writes a row with another lease. The lease is the id of the write: no other writer
// writes the same.
type renewal struct {
	cl   *Claim
	next dsr.Claim
	r    *row.Row
}

func (a *renewal) Write(ctx context.Context) error { return row.Put(ctx, a.cl.leases.Table, a.r) }

func (a *renewal) Look(ctx context.Context) (row.Writer, error) {
	err := a.cl.reread(ctx, a.next)
	switch {
	case errors.Is(err, ErrClaimed):
		return row.Other, nil
	case err != nil:
		return row.Unwritten, err
	case same(a.cl.lease, a.next):
		return row.Own, nil
	}
	return row.Unwritten, nil
}

func same(a, b dsr.Claim) bool {
	return a.Owner == b.Owner && a.Until.Equal(b.Until) && a.Count == b.Count && a.Faults == b.Faults
}

// reread takes over the row as it is now. It returns ErrClaimed when the row has neither this
// claim's lease nor the one that a write tried.
func (cl *Claim) reread(ctx context.Context, tried dsr.Claim) error {
	began := cl.leases.Clocks.Wall()
	r, err := cl.leases.Table.Get(ctx, cl.row.Partition, cl.row.Key)
	if errors.Is(err, failure.ErrNotFound) {
		cl.lost = true
		return ErrClaimed
	}
	if err != nil {
		return err
	}
	there := layout.Claim(r)
	if !layout.Open(r) || (there.Owner != cl.lease.Owner && !same(there, tried)) {
		cl.lost = true
		return ErrClaimed
	}
	cl.row, cl.lease, cl.stale, cl.seen = r, there, false, began
	return nil
}

// Check reads the row once. It returns ErrClaimed when the lease was lost or the work is no longer
// open, such as after a cancellation.
func (cl *Claim) Check(ctx context.Context) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	return cl.reread(ctx, cl.lease)
}
