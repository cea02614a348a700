package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"

	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Claim is the lease of the one worker on a task or an import. It changes that row only, never
// the head. It is safe for concurrent use.
type Claim struct {
	s    *Store
	task dsr.TaskID // empty: of an import

	mu    sync.Mutex
	row   *row.Row // as we last wrote or read it
	lease dsr.Claim
	stale bool // a write of ours succeeded whose answer was lost: the ETag is to be read again
	ended bool // by us: released, or the work is done
	lost  bool // to somebody else
}

// Claim takes the lease of an open task for 20 s of wall time and counts it. Owner is a fresh
// random id of the worker. ErrClaimed when somebody else's is live or the task is no longer
// open; ErrConflict when the task changed since the case was loaded; ErrNotFound when there is
// no such task.
func (s *Store) Claim(ctx context.Context, c *Case, id dsr.TaskID, owner string) (*Claim, error) {
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	t := c.Task(id)
	switch {
	case t == nil:
		return nil, ErrNotFound
	case t.State != dsr.TaskOpen, t.Claim.Live(s.wall()):
		return nil, ErrClaimed
	}
	next := *t
	next.Claim = dsr.Claim{Owner: owner, Until: s.leaseEnd(), Count: t.Claim.Count + 1, Faults: t.Claim.Faults}
	r := writeTask(layout.Partition(c.Tenant, c.ID), next, taskRow{etag: c.rows[id].etag, seq: c.Seq})
	cl := &Claim{s: s, task: id, lease: next.Claim}
	if err := cl.take(ctx, r); err != nil {
		return nil, err
	}
	t.Claim = next.Claim
	c.rows[id] = taskRow{etag: cl.row.ETag, seq: c.Seq}
	return cl, nil
}

func (s *Store) leaseEnd() time.Time { return clock.Stored(s.wall().Add(Lease)) }

// take writes the row with our lease.
func (cl *Claim) take(ctx context.Context, r *row.Row) error {
	a := &taking{cl: cl, r: r}
	what, err := try(ctx, "claim", a)
	switch {
	case err != nil:
		return err
	case what == overtaken && a.busy:
		return ErrClaimed
	case what == overtaken:
		return ErrConflict
	}
	cl.row = a.r
	return nil
}

// taking writes a row with the lease of a claim, whose owner is its id.
type taking struct {
	cl   *Claim
	r    *row.Row
	busy bool // somebody else's lease is live, or there is nothing left to do
}

func (a *taking) write(ctx context.Context) error { return row.Put(ctx, a.cl.s.requests, a.r) }

func (a *taking) look(ctx context.Context) (whose, error) {
	now, err := a.cl.s.requests.Get(ctx, a.r.Partition, a.r.Key)
	if errors.Is(err, ErrNotFound) {
		return nobodys, nil
	}
	if err != nil {
		return nobodys, err
	}
	there := readClaim(now)
	switch {
	case there.Owner == a.cl.lease.Owner:
		a.r, a.cl.lease = now, there
		return ours, now.Err()
	case there.Live(a.cl.s.wall()), !openRow(now):
		a.busy = true
		return anothers, nil
	}
	return nobodys, now.Err()
}

// openRow reports whether there is still something to do on a task or an import.
func openRow(r *row.Row) bool {
	if r.Key == layout.RowBulk {
		return r.Time("ended").IsZero()
	}
	return dsr.TaskState(r.Text("state")) == dsr.TaskOpen
}

// withLease is the row with another lease and all else as it is.
func withLease(r *row.Row, l dsr.Claim) *row.Row {
	n := r.Copy()
	n.SetText("owner", l.Owner)
	n.SetTime("until", l.Until)
	n.SetInt("count", int64(l.Count))
	n.SetInt("faults", int64(l.Faults))
	return n
}

// Task is the task that the claim is of; empty for an import.
func (cl *Claim) Task() dsr.TaskID { return cl.task }

// Renew lengthens the lease to 20 s from now; ErrClaimed when it was lost or has ended.
func (cl *Claim) Renew(ctx context.Context) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	next := cl.lease
	next.Until = cl.s.leaseEnd()
	return cl.set(ctx, next)
}

// Release ends the lease, so that the next worker need not wait for its end. The count of
// claims stays.
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

// set replaces the row by one with another lease, twice when it changed but is still ours (a commit of ours whose answer was lost).
func (cl *Claim) set(ctx context.Context, next dsr.Claim) error {
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	for range 2 {
		a := &renewal{cl: cl, next: next, r: withLease(cl.row, next)}
		what, err := try(ctx, "renew claim", a)
		switch {
		case err != nil:
			return err
		case cl.lost:
			return ErrClaimed
		case what == done:
			cl.row, cl.lease, cl.stale = a.r, next, false
			return nil
		case what == found: // the look has taken the row
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

func (a *renewal) write(ctx context.Context) error { return row.Put(ctx, a.cl.s.requests, a.r) }

func (a *renewal) look(ctx context.Context) (whose, error) {
	err := a.cl.reread(ctx, a.next)
	switch {
	case errors.Is(err, ErrClaimed):
		return anothers, nil
	case err != nil:
		return nobodys, err
	case same(a.cl.lease, a.next):
		return ours, nil
	}
	return nobodys, nil
}

func same(a, b dsr.Claim) bool {
	return a.Owner == b.Owner && a.Until.Equal(b.Until) && a.Count == b.Count && a.Faults == b.Faults
}

// reread takes the row as it is now; ErrClaimed when it is neither under our lease nor under
// the one that we tried to write.
func (cl *Claim) reread(ctx context.Context, tried dsr.Claim) error {
	r, err := cl.s.requests.Get(ctx, cl.row.Partition, cl.row.Key)
	if errors.Is(err, ErrNotFound) {
		cl.lost = true
		return ErrClaimed
	}
	if err != nil {
		return err
	}
	there := readClaim(r)
	if !openRow(r) || (there.Owner != cl.lease.Owner && !same(there, tried)) {
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

// current makes the claim fit to be committed under. The lock is held.
func (cl *Claim) current(ctx context.Context) error {
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	if cl.stale {
		return cl.reread(ctx, cl.lease)
	}
	return nil
}

// Keep renews the lease every 7 s until stop is called. The context that it returns ends, with
// ErrClaimed as its cause, when the lease is lost or could not be renewed before its end.
func (cl *Claim) Keep(ctx context.Context) (kept context.Context, stop func()) {
	kept, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(cl.s.renewEvery)
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
	case err == nil, !errors.Is(err, ErrClaimed) && cl.lease.Live(cl.s.wall()):
		return true
	}
	cancel(ErrClaimed)
	return false
}
