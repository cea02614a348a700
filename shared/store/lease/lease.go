// Package lease gives the one worker on a row its claim: for a time, and longer while it works.
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

// ErrClaimed says that somebody else has the lease, or that there is nothing left to do.
var ErrClaimed = errors.New("store: somebody else works on it, or it is over")

// Length is how long a claim lasts unless it is renewed: shorter than the 30 s after which a
// message comes back.
const Length = 20 * time.Second

// RenewEvery is how often Keep renews: two renewals may fail before a lease is over.
const RenewEvery = 7 * time.Second

// Desk gives claims on the rows of a table.
type Desk struct {
	Table      row.Table
	Clocks     clock.Clocks  // leases follow wall time
	RenewEvery time.Duration // of Keep
}

// End is when a lease that begins now is over.
func (d Desk) End() time.Time { return clock.Stored(d.Clocks.Wall().Add(Length)) }

// Claim is the lease of the one worker on a task or an import. It changes that row only, never
// the head. It is safe for concurrent use.
type Claim struct {
	d    Desk
	task dsr.TaskID // empty: of an import

	mu    sync.Mutex
	row   *row.Row // as we last wrote or read it
	lease dsr.Claim
	stale bool // a write of ours succeeded whose answer was lost: the ETag is to be read again
	ended bool // by us: released, or the work is done
	lost  bool // to somebody else
}

// Take writes a row with a lease, whose owner is a fresh random id of the worker. ErrClaimed
// when somebody else's lease is live or there is nothing left to do, failure.ErrConflict when
// the row has changed.
func (d Desk) Take(ctx context.Context, r *row.Row, task dsr.TaskID) (*Claim, error) {
	cl := &Claim{d: d, task: task, lease: layout.Claim(r)}
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

// taking writes a row with the lease of a claim, whose owner is its id.
type taking struct {
	cl   *Claim
	r    *row.Row
	busy bool // somebody else's lease is live, or there is nothing left to do
}

func (a *taking) Write(ctx context.Context) error { return row.Put(ctx, a.cl.d.Table, a.r) }

func (a *taking) Look(ctx context.Context) (row.Whose, error) {
	now, err := a.cl.d.Table.Get(ctx, a.r.Partition, a.r.Key)
	if errors.Is(err, failure.ErrNotFound) {
		return row.Nobodys, nil
	}
	if err != nil {
		return row.Nobodys, err
	}
	there := layout.Claim(now)
	switch {
	case there.Owner == a.cl.lease.Owner:
		a.r, a.cl.lease = now, there
		return row.Ours, now.Err()
	case there.Live(a.cl.d.Clocks.Wall()), !layout.Open(now):
		a.busy = true
		return row.Anothers, nil
	}
	return row.Nobodys, now.Err()
}

// Task is the task that the claim is of; empty for an import.
func (cl *Claim) Task() dsr.TaskID { return cl.task }

// Renew lengthens the lease to 20 s from now; ErrClaimed when it was lost or has ended.
func (cl *Claim) Renew(ctx context.Context) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	next := cl.lease
	next.Until = cl.d.End()
	return cl.set(ctx, next)
}

// Release ends the lease, so that the next worker need not wait for its end. The count of claims
// stays.
func (cl *Claim) Release(ctx context.Context) error {
	return cl.release(ctx, func(was dsr.Claim) dsr.Claim { return dsr.Claim{Count: was.Count, Faults: was.Faults} })
}

// GiveBack is Release of a claim under which our own storage let nothing be done: it is not
// counted as one.
func (cl *Claim) GiveBack(ctx context.Context) error {
	return cl.release(ctx, func(was dsr.Claim) dsr.Claim { return dsr.Claim{Count: was.Count - 1, Faults: was.Faults} })
}

// Fault is Release after a fault upstream, the n-th in a row: the task rests until a wall time.
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

// errChanging says that the row of a claim changed while its lease was written, twice.
var errChanging = errors.New("store: renew claim: the row changes all the time")

// set replaces the row by one with another lease, twice when it changed but is still ours (a
// commit of ours whose answer was lost).
func (cl *Claim) set(ctx context.Context, next dsr.Claim) error {
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	for range 2 {
		a := &renewal{cl: cl, next: next, r: layout.WithClaim(cl.row, next)}
		what, err := row.Try(ctx, "renew claim", a)
		switch {
		case err != nil:
			return err
		case cl.lost:
			return ErrClaimed
		case what == row.Done:
			cl.row, cl.lease, cl.stale = a.r, next, false
			return nil
		case what == row.Found: // the look has taken the row
			return nil
		}
	}
	return errChanging
}

// renewal writes a row with another lease, which is its id: no other writer writes the same.
type renewal struct {
	cl   *Claim
	next dsr.Claim
	r    *row.Row
}

func (a *renewal) Write(ctx context.Context) error { return row.Put(ctx, a.cl.d.Table, a.r) }

func (a *renewal) Look(ctx context.Context) (row.Whose, error) {
	err := a.cl.reread(ctx, a.next)
	switch {
	case errors.Is(err, ErrClaimed):
		return row.Anothers, nil
	case err != nil:
		return row.Nobodys, err
	case same(a.cl.lease, a.next):
		return row.Ours, nil
	}
	return row.Nobodys, nil
}

func same(a, b dsr.Claim) bool {
	return a.Owner == b.Owner && a.Until.Equal(b.Until) && a.Count == b.Count && a.Faults == b.Faults
}

// reread takes the row as it is now; ErrClaimed when it is neither under our lease nor under the
// one that we tried to write.
func (cl *Claim) reread(ctx context.Context, tried dsr.Claim) error {
	r, err := cl.d.Table.Get(ctx, cl.row.Partition, cl.row.Key)
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
	cl.row, cl.lease, cl.stale = r, there, false
	return nil
}

// Check reads the row once: ErrClaimed when the lease was lost or the work is no longer open,
// such as after a cancellation.
func (cl *Claim) Check(ctx context.Context) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	return cl.reread(ctx, cl.lease)
}

// Held is a claim that nobody else renews meanwhile: a renewal during a commit would make us
// lose against ourselves.
type Held struct{ cl *Claim }

// Hold waits for a renewal that is under way and keeps others out until Let is called.
func (cl *Claim) Hold() Held {
	cl.mu.Lock()
	return Held{cl}
}

// Let lets renewals go on.
func (h Held) Let() { h.cl.mu.Unlock() }

// Task is the task that the claim is of; empty for an import.
func (h Held) Task() dsr.TaskID { return h.cl.task }

// Ended reports whether we have ended the claim.
func (h Held) Ended() bool { return h.cl.ended }

// Check makes the claim fit to be committed under. ErrClaimed when it was lost or has ended.
func (h Held) Check(ctx context.Context) error {
	cl := h.cl
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	if cl.stale {
		return cl.reread(ctx, cl.lease)
	}
	return nil
}

// Row is the row as we last wrote or read it.
func (h Held) Row() *row.Row { return h.cl.row }

// Lease is the lease as it was last renewed.
func (h Held) Lease() dsr.Claim { return h.cl.lease }

// Lose says that somebody else has the lease.
func (h Held) Lose() { h.cl.lost = true }

// Wrote says that the row was written under the claim. Stale means that its ETag is not known.
// The claim goes on as long as the row is open and has our lease.
func (h Held) Wrote(r *row.Row, stale bool) {
	cl, there := h.cl, layout.Claim(r)
	cl.row, cl.stale = r, stale
	cl.ended = cl.ended || !layout.Open(r) || there.Owner != cl.lease.Owner
	if !cl.ended {
		cl.lease = there
	}
}

// Keep renews the lease every 7 s until stop is called. The context that it returns ends, with
// ErrClaimed as its cause, when the lease is lost or could not be renewed before its end.
func (cl *Claim) Keep(ctx context.Context) (kept context.Context, stop func()) {
	kept, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(cl.d.RenewEvery)
		defer tick.Stop()
		for {
			select {
			case <-kept.Done():
				return
			case <-tick.C:
			}
			if !cl.keep(kept, cancel) {
				return
			}
		}
	}()
	return kept, func() {
		cancel(context.Canceled)
		<-ended
	}
}

// keep renews once and reports whether to go on.
func (cl *Claim) keep(ctx context.Context, cancel context.CancelCauseFunc) bool {
	err := cl.Renew(ctx)
	cl.mu.Lock()
	defer cl.mu.Unlock()
	switch {
	case cl.ended:
		return false
	case err == nil, !errors.Is(err, ErrClaimed) && cl.lease.Live(cl.d.Clocks.Wall()):
		return true
	}
	cancel(ErrClaimed)
	return false
}
