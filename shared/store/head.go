package store

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// lateTask is a task whose row lags behind: an event changed more tasks than one transaction holds rows, so the head carries the rest.
// A row that was written at the same event or later counts instead.
type lateTask struct {
	Seq  int64    `json:"seq"`
	Task dsr.Task `json:"task"`
}

// keptWrites is how many write ids a row remembers, so that a writer knows its own also when others have moved on meanwhile.
const keptWrites = 6

func remember(writes []string, id string) []string {
	out := append(append([]string(nil), writes...), id)
	return out[max(0, len(out)-keptWrites):]
}

// headRow is the head as it is stored.
func (c *Case) headRow() *row {
	r := newRow(layout.Partition(c.Tenant, c.ID), layout.RowHead)
	r.etag = c.etag
	r.setInt("v", 1)
	r.setText("state", string(c.State))
	r.setJSON("actions", c.Actions)
	r.setText("regime", string(c.Regime))
	if len(c.Systems) > 0 {
		r.setJSON("systems", c.Systems)
	}
	r.setText("caller", c.Caller)
	r.setTime("received", c.ReceivedAt)
	r.setTime("due", c.DueAt)
	r.setTime("created", c.CreatedAt)
	r.setTime("answered", c.AnsweredAt)
	r.setTime("ended", c.EndedAt)
	r.setText("bulk", c.Origin.Bulk)
	r.setInt("line", c.Origin.Line)
	r.setText("dest", c.Dest)
	if c.Package != nil {
		r.setJSON("package", c.Package)
	}
	r.setInt("round", int64(c.Round))
	r.setInt("seq", c.Seq)
	r.setText("last", c.LastHash)
	r.setInt("shard", int64(c.Shard))
	r.setText("key", c.KeyID)
	r.setText("body", c.BodyHash)
	r.setText("first", c.first)
	r.setJSON("writes", c.writes)
	r.setJSON("wakes", millisOf(c.Wakes))
	r.setInt("open", int64(len(c.Unended())))
	ids := make([]dsr.TaskID, len(c.Tasks))
	for i, t := range c.Tasks {
		ids[i] = t.ID
	}
	r.setLong("tasks", ids)
	if len(c.late) > 0 {
		r.setLong("late", c.late)
	}
	r.setBytes("private", c.sealed)
	return r
}

// caseOf reads a head and its tasks. Task rows that the head does not name are left out.
func (s *Store) caseOf(tenant, id string, head *row, tasks map[dsr.TaskID]*row) (*Case, error) {
	c := &Case{s: s, etag: head.etag, rows: map[dsr.TaskID]taskRow{}}
	c.ID, c.Tenant = id, tenant
	c.State, c.Regime = dsr.State(head.text("state")), dsr.Regime(head.text("regime"))
	head.json("actions", &c.Actions)
	head.json("systems", &c.Systems)
	c.Caller, c.Dest = head.text("caller"), head.text("dest")
	c.ReceivedAt, c.DueAt, c.CreatedAt = head.time("received"), head.time("due"), head.time("created")
	c.AnsweredAt, c.EndedAt = head.time("answered"), head.time("ended")
	c.Origin = dsr.Origin{Bulk: head.text("bulk"), Line: head.int("line")}
	head.json("package", &c.Package)
	c.Round, c.Seq, c.LastHash = int(head.int("round")), head.int("seq"), head.text("last")
	c.Shard, c.KeyID, c.BodyHash = int(head.int("shard")), head.text("key"), head.text("body")
	c.first = head.text("first")
	head.json("writes", &c.writes)
	var wakes map[retention.WakeKind]int64
	head.json("wakes", &wakes)
	c.Wakes = timesOf(wakes)
	head.long("late", &c.late)
	c.sealed = head.bytes("private")
	var ids []dsr.TaskID
	head.long("tasks", &ids)
	if head.err != nil {
		return nil, head.err
	}
	c.keys = newKeyring(c)
	for _, t := range ids {
		if err := c.addTask(t, tasks[t]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// addTask takes the task from its row or, where that lags behind, from the head.
func (c *Case) addTask(id dsr.TaskID, r *row) error {
	var t dsr.Task
	if r != nil {
		t = readTask(r)
		if r.err != nil {
			return r.err
		}
		c.rows[id] = taskRow{etag: r.etag, seq: r.int("seq")}
	}
	for i, l := range c.late {
		if l.Task.ID != id {
			continue
		}
		if r == nil || c.rows[id].seq < l.Seq {
			t = l.Task
		} else {
			c.late = append(c.late[:i:i], c.late[i+1:]...) // the row has caught up
		}
		break
	}
	t.ID = id
	c.Tasks = append(c.Tasks, t)
	return nil
}

// taskRow is what is known of a task's row; the ETag of one that does not exist yet is empty.
type taskRow struct {
	etag string
	seq  int64
}

// writeTask is a task as it is stored at event seq.
func writeTask(pk string, t dsr.Task, at taskRow) *row {
	r := newRow(pk, layout.RowTask(t.ID))
	r.etag = at.etag
	r.setText("system", t.System)
	r.setText("action", string(t.Action))
	r.setText("state", string(t.State))
	if t.Outcome != (dsr.Outcome{}) {
		r.setJSON("outcome", t.Outcome)
	}
	r.setFlag("declared", t.Declared)
	r.setInt("round", int64(t.Round))
	r.setText("owner", t.Claim.Owner)
	r.setTime("until", t.Claim.Until)
	r.setInt("count", int64(t.Claim.Count))
	r.setInt("faults", int64(t.Claim.Faults))
	if len(t.Queries) > 0 {
		r.setLong("queries", t.Queries)
	}
	r.setInt("records", t.Records)
	r.setText("findings", t.Findings)
	r.setTime("ended", t.EndedAt)
	r.setText("endedBy", t.EndedBy)
	r.setBytes("text", t.Text)
	r.setInt("seq", at.seq)
	return r
}

func readTask(r *row) dsr.Task {
	t := dsr.Task{
		System: r.text("system"), Action: dsr.Action(r.text("action")), State: dsr.TaskState(r.text("state")), Declared: r.flag("declared"),
		Round: int(r.int("round")), Claim: readClaim(r), Records: r.int("records"), Findings: r.text("findings"), EndedAt: r.time("ended"),
		EndedBy: r.text("endedBy"), Text: r.bytes("text"),
	}
	r.json("outcome", &t.Outcome)
	r.long("queries", &t.Queries)
	return t
}

func readClaim(r *row) dsr.Claim {
	return dsr.Claim{Owner: r.text("owner"), Until: r.time("until"), Count: int(r.int("count")), Faults: int(r.int("faults"))}
}

func millisOf(wakes map[retention.WakeKind]time.Time) map[retention.WakeKind]int64 {
	out := map[retention.WakeKind]int64{}
	for k, at := range wakes {
		out[k] = layout.ClampMillis(at)
	}
	return out
}

func timesOf(wakes map[retention.WakeKind]int64) map[retention.WakeKind]time.Time {
	out := map[retention.WakeKind]time.Time{}
	for k, ms := range wakes {
		out[k] = time.UnixMilli(ms).UTC()
	}
	return out
}
