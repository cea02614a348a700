package store

import (
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// headRow returns the head as it is stored.
func (c *Case) headRow() *row.Row {
	r := row.New(layout.Partition(c.Tenant, c.ID), layout.RowHead)
	r.ETag = c.etag
	r.SetInt("v", 1)
	r.SetText("state", string(c.State))
	r.SetJSON("actions", c.Actions)
	r.SetText("regime", string(c.Regime))
	if len(c.Systems) > 0 {
		r.SetJSON("systems", c.Systems)
	}
	r.SetText("caller", c.Caller)
	r.SetTime("received", c.ReceivedAt)
	r.SetTime("due", c.DueAt)
	r.SetTime("created", c.CreatedAt)
	r.SetTime("answered", c.AnsweredAt)
	r.SetTime("ended", c.EndedAt)
	r.SetText("bulk", c.Origin.Bulk)
	r.SetInt("line", c.Origin.Line)
	r.SetText("dest", c.Dest)
	if c.Package != nil {
		r.SetJSON("package", c.Package)
	}
	r.SetInt("round", int64(c.Round))
	r.SetInt("seq", c.Seq)
	r.SetText("last", c.LastHash)
	r.SetInt("shard", int64(c.Shard))
	r.SetText("key", c.KeyID)
	r.SetText("body", c.BodyHash)
	r.SetText("first", c.first)
	r.SetJSON("writes", c.writes)
	r.SetJSON("wakes", layout.WakesOut(c.Wakes))
	r.SetInt("open", int64(len(c.Unended())))
	ids := make([]dsr.TaskID, len(c.Tasks))
	for i, t := range c.Tasks {
		ids[i] = t.ID
	}
	r.SetLong("tasks", ids)
	if len(c.late) > 0 {
		r.SetLong("late", c.late)
	}
	r.SetBytes("private", c.sealed)
	return r
}

// caseOf makes a case of a head and its tasks. It leaves out task rows that the head does not name.
func (s *Store) caseOf(tenant, id string, head *row.Row, tasks map[dsr.TaskID]*row.Row) (*Case, error) {
	c := &Case{s: s, etag: head.ETag, rows: map[dsr.TaskID]taskRow{}}
	c.ID, c.Tenant = id, tenant
	c.State, c.Regime = dsr.State(head.Text("state")), dsr.Regime(head.Text("regime"))
	head.JSON("actions", &c.Actions)
	head.JSON("systems", &c.Systems)
	c.Caller, c.Dest = head.Text("caller"), head.Text("dest")
	c.ReceivedAt, c.DueAt, c.CreatedAt = head.Time("received"), head.Time("due"), head.Time("created")
	c.AnsweredAt, c.EndedAt = head.Time("answered"), head.Time("ended")
	c.Origin = dsr.Origin{Bulk: head.Text("bulk"), Line: head.Int("line")}
	head.JSON("package", &c.Package)
	c.Round, c.Seq, c.LastHash = int(head.Int("round")), head.Int("seq"), head.Text("last")
	c.Shard, c.KeyID, c.BodyHash = int(head.Int("shard")), head.Text("key"), head.Text("body")
	c.first = head.Text("first")
	head.JSON("writes", &c.writes)
	var wakes map[retention.WakeKind]int64
	head.JSON("wakes", &wakes)
	c.Wakes = layout.WakesIn(wakes)
	head.Long("late", &c.late)
	c.sealed = head.Bytes("private")
	var ids []dsr.TaskID
	head.Long("tasks", &ids)
	if head.Err() != nil {
		return nil, head.Err()
	}
	c.ring = s.sealing.Ring(c.place())
	for _, t := range ids {
		if err := c.addTask(t, tasks[t]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// addTask takes a task from its row or, if the row is out of date, from the head.
func (c *Case) addTask(id dsr.TaskID, r *row.Row) error {
	var t dsr.Task
	if r != nil {
		t = readTask(r)
		if r.Err() != nil {
			return r.Err()
		}
		c.rows[id] = taskRow{etag: r.ETag, seq: r.Int("seq")}
	}
	for i, l := range c.late {
		if l.Task.ID != id {
			continue
		}
		if r == nil || c.rows[id].seq < l.Seq {
			parts, round := t.Parts, t.Round
			if t = l.Task; r != nil && t.Round == round {
				t.Parts = parts
			}
		} else {
			c.late = append(c.late[:i:i], c.late[i+1:]...) // the row is up to date again
		}
		break
	}
	t.ID = id
	c.Tasks = append(c.Tasks, t)
	return nil
}
