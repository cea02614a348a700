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
	if c.Next != nil {
		r.SetJSON("next", c.Next)
	}
	if len(c.Former) > 0 {
		r.SetLong("former", c.Former)
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
	r.SetLong("tasks", c.Tasks)
	r.SetBytes("private", c.sealed)
	return r
}

// caseOf makes a case of a head. The rows of its tasks are unread.
func (s *Store) caseOf(tenant, id string, head *row.Row) (*Case, error) {
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
	head.JSON("next", &c.Next)
	head.Long("former", &c.Former)
	c.Round, c.Seq, c.LastHash = int(head.Int("round")), head.Int("seq"), head.Text("last")
	c.Shard, c.KeyID, c.BodyHash = int(head.Int("shard")), head.Text("key"), head.Text("body")
	c.first = head.Text("first")
	head.JSON("writes", &c.writes)
	var wakes map[retention.WakeKind]int64
	head.JSON("wakes", &wakes)
	c.Wakes = layout.WakesIn(wakes)
	c.sealed = head.Bytes("private")
	head.Long("tasks", &c.Tasks)
	if head.Err() != nil {
		return nil, head.Err()
	}
	c.ring = s.sealing.Ring(c.place())
	return c, nil
}
