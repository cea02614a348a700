package store

import (
	"reflect"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// maxTaskRows is how many task rows one transaction changes at most. The head carries the rest of
// the changed tasks until they change again.
const maxTaskRows = 90

// writeTask returns the row of a task as it is stored at the event at.seq.
func writeTask(pk string, t dsr.Task, at taskRow) *row.Row {
	r := row.New(pk, layout.RowTask(t.ID))
	r.ETag = at.etag
	r.SetText("system", t.System)
	r.SetText("action", string(t.Action))
	r.SetText("state", string(t.State))
	if t.Outcome != (dsr.Outcome{}) {
		r.SetJSON("outcome", t.Outcome)
	}
	r.SetFlag("declared", t.Declared)
	r.SetInt("round", int64(t.Round))
	r.SetText("owner", t.Claim.Owner)
	r.SetTime("until", t.Claim.Until)
	r.SetInt("count", int64(t.Claim.Count))
	r.SetInt("faults", int64(t.Claim.Faults))
	if len(t.Queries) > 0 {
		r.SetLong("queries", t.Queries)
	}
	r.SetInt("records", t.Records)
	layout.SetParts(r, t.Parts)
	r.SetText("findings", t.Findings.Blob)
	r.SetBytes("found", t.Findings.Sealed)
	r.SetTime("ended", t.EndedAt)
	r.SetText("endedBy", t.EndedBy)
	r.SetBytes("text", t.Text)
	r.SetInt("seq", at.seq)
	return r
}

// readTask reads a task from its row. The row does not hold the id.
func readTask(r *row.Row) dsr.Task {
	t := dsr.Task{
		System: r.Text("system"), Action: dsr.Action(r.Text("action")), State: dsr.TaskState(r.Text("state")), Declared: r.Flag("declared"),
		Round: int(r.Int("round")), Claim: layout.Claim(r), Records: r.Int("records"), Findings: dsr.Found{Blob: r.Text("findings"), Sealed: r.Bytes("found")}, EndedAt: r.Time("ended"),
		EndedBy: r.Text("endedBy"), Text: r.Bytes("text"), Parts: layout.Parts(r),
	}
	r.JSON("outcome", &t.Outcome)
	r.Long("queries", &t.Queries)
	return t
}

// sameTask reports whether two tasks are stored alike. It compares their rows, so that it can
// forget no field.
func sameTask(a, b *dsr.Task) bool {
	return reflect.DeepEqual(writeTask("", *a, taskRow{}).Values(), writeTask("", *b, taskRow{}).Values())
}

// taskOps writes changed tasks at the last event: up to limit of them as rows, the rest in the
// head. The tasks that come first are always written as rows, since a claim is in a row.
func (c *Case) taskOps(changed, first []dsr.TaskID, limit int) []row.Op {
	for at, id := range first {
		if i := slices.Index(changed, id); i > at {
			changed[at], changed[i] = changed[i], changed[at]
		}
	}
	limit = min(limit, maxTaskRows)
	var out []row.Op
	pk := layout.Partition(c.Tenant, c.ID)
	for i, id := range changed {
		c.late = slices.DeleteFunc(c.late, func(l lateTask) bool { return l.Task.ID == id })
		if i >= limit {
			late := *c.Task(id)
			late.Parts = nil // those of its row count, as long as the round is the same
			c.late = append(c.late, lateTask{Seq: c.Seq, Task: late})
			continue
		}
		at := taskRow{etag: c.rows[id].etag, seq: c.Seq}
		r := writeTask(pk, *c.Task(id), at)
		if at.etag == "" {
			out = append(out, insert(r))
		} else {
			out = append(out, replace(r))
		}
	}
	return out
}
