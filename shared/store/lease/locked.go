package lease

import (
	"context"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Locked is a claim that is not renewed meanwhile. A renewal during a commit would change the row
// and make the commit fail.
type Locked struct{ cl *Claim }

// Lock waits for a renewal that is under way and keeps others out until Unlock is called.
func (cl *Claim) Lock() Locked {
	cl.mu.Lock()
	return Locked{cl}
}

// Unlock lets renewals go on.
func (h Locked) Unlock() { h.cl.mu.Unlock() }

// Task returns the id of the claimed task. It is empty for an import.
func (h Locked) Task() dsr.TaskID { return h.cl.task }

// Ended reports whether the claim was released or its work is done.
func (h Locked) Ended() bool { return h.cl.ended }

// Check prepares the claim for a commit. It returns ErrClaimed when the claim was lost or has
// ended.
func (h Locked) Check(ctx context.Context) error {
	cl := h.cl
	if cl.ended || cl.lost {
		return ErrClaimed
	}
	if cl.stale {
		return cl.reread(ctx, cl.lease)
	}
	return nil
}

// Row returns the row as this claim last wrote or read it.
func (h Locked) Row() *row.Row { return h.cl.row }

// Lease returns the lease as it was last renewed.
func (h Locked) Lease() dsr.Claim { return h.cl.lease }

// MarkLost records that another worker has the lease.
func (h Locked) MarkLost() { h.cl.lost = true }

// SetRow records that the row was written under the claim. Stale means that its ETag is not known.
// The claim goes on as long as the row is open and has the claim's lease.
func (h Locked) SetRow(r *row.Row, stale bool) {
	cl, there := h.cl, layout.Claim(r)
	cl.row, cl.stale = r, stale
	cl.ended = cl.ended || !layout.Open(r) || there.Owner != cl.lease.Owner
	if !cl.ended {
		cl.lease = there
	}
}
