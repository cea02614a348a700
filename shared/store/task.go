package store

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// taskVersion is the version of the stored form of a task.
const taskVersion = 1

// writeTask returns the row of a task as it is stored at the event at.seq: the claim, and what the
// head does not tell of the task.
func writeTask(pk string, t dsr.Task, at taskRow) *row.Row {
	r := row.New(pk, layout.RowTask(t.ID))
	r.ETag = at.etag
	r.SetInt("v", taskVersion)
	r.SetText("state", string(t.State))
	r.SetInt("opening", int64(t.Opening))
	r.SetText("owner", t.Claim.Owner)
	r.SetTime("until", t.Claim.Until)
	r.SetInt("count", int64(t.Claim.Count))
	r.SetInt("faults", int64(t.Claim.Faults))
	if t.Detail == nil {
		t.Detail = &dsr.Detail{}
	}
	if len(t.Queries) > 0 {
		r.SetLong("queries", t.Queries)
	}
	layout.SetParts(r, t.Parts)
	r.SetText("findings", t.Findings.Blob)
	r.SetBytes("found", t.Findings.Sealed)
	r.SetBytes("text", t.Text)
	r.SetInt("seq", at.seq)
	return r
}

// readTask completes a task by its row. A row of an earlier opening says nothing about it.
func readTask(t *dsr.Task, r *row.Row) {
	t.Claim, t.Detail = dsr.Claim{}, &dsr.Detail{}
	if int(r.Int("opening")) != t.Opening {
		return
	}
	t.Claim = layout.Claim(r)
	t.Findings = dsr.Found{Blob: r.Text("findings"), Sealed: r.Bytes("found")}
	t.Text, t.Parts = r.Bytes("text"), layout.Parts(r)
	r.Long("queries", &t.Queries)
}

// ReadTasks reads the rows of those of the tasks whose rows this case has not read, each by its
// key. It ignores a task that the request does not have. It returns ErrConflict when the request
// has changed since the case was loaded.
func (c *Case) ReadTasks(ctx context.Context, ids ...dsr.TaskID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id dsr.TaskID) bool {
		_, read := c.rows[id]
		return read || c.Task(id) == nil
	})
	rows := make([]*row.Row, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(c.s.parallel)
	for i, id := range ids {
		g.Go(func() (err error) {
			rows[i], err = c.s.requests.Get(gctx, layout.Partition(c.Tenant, c.ID), layout.RowTask(id))
			if errors.Is(err, ErrNotFound) {
				return nil // It has none as long as nobody has claimed the task.
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, r := range rows {
		if err := c.addRow(ids[i], r); err != nil {
			return err
		}
	}
	return nil
}

// addRow takes over the row of a task; nil says that there is none.
func (c *Case) addRow(id dsr.TaskID, r *row.Row) error {
	t := c.Task(id)
	if r == nil {
		c.rows[id], t.Claim, t.Detail = taskRow{}, dsr.Claim{}, &dsr.Detail{}
		return nil
	}
	if r.Int("seq") > c.Seq {
		return ErrConflict
	}
	readTask(t, r)
	c.rows[id] = taskRow{etag: r.ETag, seq: r.Int("seq")}
	return r.Err()
}

// adopt takes over the row of a claimed task that this case has not read.
func (c *Case) adopt(id dsr.TaskID, r *row.Row) error {
	if _, read := c.rows[id]; read || c.Task(id) == nil {
		return nil
	}
	return c.addRow(id, r)
}

// ReadAllTasks is ReadTasks for all tasks of the request.
func (c *Case) ReadAllTasks(ctx context.Context) error { return c.ReadTasks(ctx, c.taskIDs()...) }

func (c *Case) taskIDs() []dsr.TaskID {
	ids := make([]dsr.TaskID, len(c.Tasks))
	for i, t := range c.Tasks {
		ids[i] = t.ID
	}
	return ids
}

// Expect prepares a task for being claimed. A task that was opened once has no row until its first
// claim, so none is expected. Where there is one, the claim meets ErrConflict, and Reload reads it.
func (c *Case) Expect(ctx context.Context, id dsr.TaskID) error {
	t := c.Task(id)
	if t == nil {
		return nil
	}
	if _, read := c.rows[id]; read || t.Opening > 1 {
		return c.ReadTasks(ctx, id)
	}
	return c.addRow(id, nil)
}

// sameHead reports whether the head tells the same of two tasks.
func sameHead(a, b *dsr.Task) bool {
	x, y := *a, *b
	x.Claim, y.Claim, x.Detail, y.Detail = dsr.Claim{}, dsr.Claim{}, nil, nil
	return reflect.DeepEqual(x, y)
}

// sameRow reports whether the rows of two tasks tell the same beside their claims. It compares the
// rows, so that it can forget no field. No detail says as much as an empty one.
func sameRow(a, b *dsr.Task) bool {
	x, y := dsr.Task{Detail: a.Detail}, dsr.Task{Detail: b.Detail}
	return reflect.DeepEqual(writeTask("", x, taskRow{}).Values(), writeTask("", y, taskRow{}).Values())
}
