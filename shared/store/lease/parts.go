package lease

import (
	"context"
	"errors"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Held returns nil when storage has shown within the last 7 s that the claim holds, and renews it
// otherwise. ErrClaimed says that it was lost or that the work is no longer open, such as after a
// cancellation.
func (cl *Claim) Held(ctx context.Context) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	if cl.leases.Clocks.Wall().Before(cl.seen.Add(RenewEvery)) {
		return nil
	}
	next := cl.lease
	next.Until = cl.leases.End()
	return cl.set(ctx, next)
}

// Parts returns the parts that the claimed task's row names, as this claim last wrote or read it.
func (cl *Claim) Parts() []dsr.Part {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	return layout.Parts(cl.row)
}

// Record adds a stored part to the row of the task, and renews the lease by the same write. A part
// is progress: claims and faults are counted anew, beginning with this claim. The
// first part with its number is the one that counts: for a second one Record returns
// failure.ErrExists and changes nothing. ErrClaimed says that the claim was lost.
func (cl *Claim) Record(ctx context.Context, p dsr.Part) error {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	for range 2 { // the row changes once more when a commit was done but its answer lost
		parts := layout.Parts(cl.row)
		if i, ok := place(parts, p); i >= 0 {
			return taken(ok)
		}
		next := cl.lease
		next.Until, next.Count, next.Faults = cl.leases.End(), 1, 0
		a := &recording{cl: cl, part: p, next: next, r: layout.WithClaim(cl.row, next)}
		layout.SetParts(a.r, append(slices.Clip(parts), p))
		began := cl.leases.Clocks.Wall()
		what, err := row.Try(ctx, "record part", a)
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

// place returns where a list of parts has one with the number of p, and whether that one is p. It
// returns -1 when p is the next one, and a place without p when the one before is missing.
func place(parts []dsr.Part, p dsr.Part) (i int, same bool) {
	if p.Seq == len(parts)+1 {
		return -1, false
	}
	i = p.Seq - 1
	return max(i, 0), i >= 0 && i < len(parts) && parts[i].ID == p.ID
}

func taken(same bool) error {
	if same {
		return nil
	}
	return failure.ErrExists
}

// recording writes a row with one part more. The random id of the part is the id of the write.
type recording struct {
	cl   *Claim
	part dsr.Part
	next dsr.Claim
	r    *row.Row
}

func (a *recording) Write(ctx context.Context) error { return row.Put(ctx, a.cl.leases.Table, a.r) }

func (a *recording) Look(ctx context.Context) (row.Writer, error) {
	err := a.cl.reread(ctx, a.next)
	if errors.Is(err, ErrClaimed) {
		return row.Other, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	parts := layout.Parts(a.cl.row)
	switch i, same := place(parts, a.part); {
	case same:
		return row.Own, a.cl.row.Err()
	case i >= 0:
		return row.Other, a.cl.row.Err()
	}
	return row.Unwritten, a.cl.row.Err()
}
