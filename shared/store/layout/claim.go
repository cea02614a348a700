package layout

import (
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Claim reads the lease of a task or an import.
func Claim(r *row.Row) dsr.Claim {
	return dsr.Claim{Owner: r.Text("owner"), Until: r.Time("until"), Count: int(r.Int("count")), Faults: int(r.Int("faults"))}
}

// Open reports whether a task or an import still has something to do.
func Open(r *row.Row) bool {
	if r.Key == RowBulk {
		return r.Time("ended").IsZero()
	}
	return dsr.TaskState(r.Text("state")) == dsr.TaskOpen
}

// WithClaim returns a copy of a row with another lease. Everything else stays as it is.
func WithClaim(r *row.Row, l dsr.Claim) *row.Row {
	n := r.Copy()
	n.SetText("owner", l.Owner)
	n.SetTime("until", l.Until)
	n.SetInt("count", int64(l.Count))
	n.SetInt("faults", int64(l.Faults))
	return n
}
