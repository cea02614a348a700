package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Draft is a request to be made. Request.ID, Seq and State are not set, Tenant, Caller and Tasks
// are. Times are kept to the millisecond.
type Draft struct {
	Request dsr.Request
	Private dsr.Private
	Key     string // idempotency key
	Body    string // keyed hash of the canonical body
	Wakes   map[retention.WakeKind]time.Time
	By      string // By of the first event: the id of the caller
}

// Created is the request of a draft. Existing says that it existed before, with the same body. A
// resumed import compares Request.Origin with its line.
type Created struct {
	Request  *dsr.Request
	Case     *Case // the request, ready to be changed
	Shard    int   // shard of its list rows and wakes
	Existing bool
	Err      error // the error of one draft of a batch
}

// creation is a draft that is being stored.
type creation struct {
	c     *Case
	id    string     // id of the write
	now   *Case      // as Look found it
	key   *row.Row   // in table keys
	lists []*row.Row // in table lists
	ops   []row.Op   // on table requests
	body  string
}

// Create makes a new request in three calls: the key and the list rows with the wakes in parallel,
// then the request itself. The last insertion is the idempotency check. If a request with the same
// idempotency key exists, Create returns it as it is now, or ErrIdempotency if its body was
// another. The first creation of a process in a tenant and an hour reads the hour's key before, and
// inserts it if there is none: one call more, or two.
func (s *Store) Create(ctx context.Context, d Draft) (Created, error) {
	id := s.RequestID(d.Request.Caller, d.Request.Tenant, d.Key)
	hour, err := s.hour(ctx, d.Request.Tenant)
	if err != nil {
		return Created{}, err
	}
	n, err := s.prepare(ctx, hour, d, id, s.Lists.Shard(ctx, d.Request.Tenant, id, 1))
	if err != nil {
		return Created{}, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.parallel)
	g.Go(func() error { return s.putKeys(gctx, n.key) })
	g.Go(func() error { return s.putLists(gctx, n.lists) })
	if err := g.Wait(); err != nil {
		return Created{}, err
	}
	out := s.insert(ctx, n)
	if out.Existing || errors.Is(out.Err, ErrIdempotency) {
		s.takeBack(ctx, n)
	}
	return out, out.Err
}

// hour returns the key that wraps the keys of a tenant's new cases.
func (s *Store) hour(ctx context.Context, tenant string) (*seal.Hour, error) {
	if !layout.ValidSegment(tenant) {
		return nil, errors.New("store: the tenant of the draft is not an id")
	}
	return s.sealing.Hour(ctx, tenant)
}

// prepare makes all rows that a draft needs. It makes no call.
func (s *Store) prepare(ctx context.Context, hour *seal.Hour, d Draft, id string, shard int) (*creation, error) {
	c := &Case{s: s, Request: *d.Request.Clone(), Wakes: map[retention.WakeKind]time.Time{}, Shard: shard, BodyHash: d.Body}
	c.ID, c.State, c.Seq, c.LastHash = id, dsr.StateNone, 0, ""
	c.ReceivedAt, c.DueAt, c.CreatedAt = clock.Stored(c.ReceivedAt), clock.Stored(c.DueAt), clock.Stored(c.CreatedAt)
	for k, at := range d.Wakes {
		c.Wakes[k] = clock.Stored(at)
	}
	for i := range c.Tasks {
		if !layout.ValidSegment(string(c.Tasks[i].ID)) {
			return nil, fmt.Errorf("store: %q cannot be the id of a task", c.Tasks[i].ID)
		}
		if c.Tasks[i].State == "" {
			c.Tasks[i].State = dsr.TaskOpen
		}
		if c.Tasks[i].State == dsr.TaskOpen {
			c.Tasks[i].Opening = 1
		}
	}
	n := &creation{c: c, id: s.newID(), body: d.Body}
	c.KeyID = hour.ID(s.newID())
	ring, key, err := hour.New(c.place())
	if err != nil {
		return nil, err
	}
	n.key, c.ring = key, ring
	return n, n.fill(ctx, d)
}

// fill makes the rows: head, first event, those of tasks, list rows and wakes.
func (n *creation) fill(ctx context.Context, d Draft) error {
	c := n.c
	plain, err := d.Private.Encode()
	if err != nil {
		return fmt.Errorf("store: encode the private part: %w", err)
	}
	if c.sealed, err = c.ring.Seal(ctx, sealPrivate, plain); err != nil {
		return err
	}
	event := dsr.Event{Version: 1, Seq: 1, Type: dsr.EventReceived, At: c.CreatedAt, By: d.By, Write: n.id}
	if err := c.Apply(event); err != nil {
		return err
	}
	c.first, c.writes = n.id, []string{n.id}
	stored, err := eventRow(c, event)
	if err != nil {
		return err
	}
	n.ops = append([]row.Op{insert(c.headRow()), insert(stored)}, n.taskRows()...)
	n.lists = n.listRows()
	return nil
}

// taskRows returns the rows of the tasks that have something to tell from the beginning. The others
// get theirs when they are claimed.
func (n *creation) taskRows() []row.Op {
	c := n.c
	c.rows = map[dsr.TaskID]taskRow{}
	var out []row.Op
	for i := range c.Tasks {
		t := &c.Tasks[i]
		c.rows[t.ID] = taskRow{}
		if t.Detail == nil {
			t.Detail = &dsr.Detail{}
		}
		if !sameRow(t, &dsr.Task{}) {
			out = append(out, insert(writeTask(layout.Partition(c.Tenant, c.ID), *t, taskRow{seq: c.Seq})))
		}
	}
	return out
}

// listRows returns the list rows and the wakes of a new request. The wakes name what else is
// written with them, so that all can be dropped together if the request is never made.
func (n *creation) listRows() []*row.Row {
	pk := layout.ShardPartition(n.c.Tenant, n.c.Shard)
	keys := layout.ListRows(&n.c.Request)
	var out []*row.Row
	for _, rk := range keys {
		out = append(out, row.New(pk, rk))
	}
	written, _ := json.Marshal(keys)
	for _, k := range slices.Sorted(maps.Keys(n.c.Wakes)) {
		r := row.New(pk, layout.RowWake(k, n.c.Wakes[k], n.c.ID))
		r.SetText("key", n.c.KeyID)
		r.SetText("rows", string(written))
		out = append(out, r)
	}
	return out
}

// putKeys inserts key rows of one shard. Their ids are fresh: if a row exists, an earlier try whose
// answer was lost has stored it.
func (s *Store) putKeys(ctx context.Context, keys ...*row.Row) error {
	ops := make([]row.Op, len(keys))
	for i, r := range keys {
		ops[i] = insert(r)
	}
	var err error
	if len(keys) == 1 {
		err = row.Put(ctx, s.keys, keys[0])
	} else {
		err = s.keys.Transact(ctx, ops)
	}
	if row.LostRace(err) {
		return nil
	}
	return failure.Wrap("store case keys", err)
}

// putLists upserts list rows and wakes of one shard in as few transactions as possible, in
// parallel.
func (s *Store) putLists(ctx context.Context, rows []*row.Row) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.parallel)
	for chunk := range slices.Chunk(rows, row.MaxOps) {
		ops := make([]row.Op, len(chunk))
		for i, r := range chunk {
			ops[i] = upsert(r)
		}
		g.Go(func() error { return failure.Wrap("store list rows", s.lists.Transact(ctx, ops)) })
	}
	return g.Wait()
}

// insert stores the request itself.
func (s *Store) insert(ctx context.Context, n *creation) Created {
	what, err := row.Try(ctx, "create request", n)
	switch {
	case err != nil:
		return Created{Err: err}
	case what == row.Done:
		n.settle()
		return Created{Request: &n.c.Request, Case: n.c, Shard: n.c.Shard}
	case n.now == nil:
		return Created{Err: ErrConflict} // it existed, but was gone when it was read
	}
	out := Created{Request: &n.now.Request, Case: n.now, Shard: n.now.Shard}
	if what == row.FoundDone {
		return out
	}
	n.c = n.now // takeBack must keep what this case names
	if n.now.BodyHash != n.body {
		out.Err = ErrIdempotency
		return out
	}
	out.Existing = true
	return out
}

// settle gives the case the ETags of its rows, so that it can be changed without being loaded.
func (n *creation) settle() {
	for _, o := range n.ops {
		switch {
		case o.Row.ETag == "":
			n.c.stale = true // the answer lacks the ETag
		case o.Row.Key == layout.RowHead:
			n.c.etag = o.Row.ETag
		case strings.HasPrefix(o.Row.Key, layout.RowHead+"|"):
			n.c.rows[dsr.TaskID(o.Row.Key[len(layout.RowHead)+1:])] = taskRow{etag: o.Row.ETag, seq: n.c.Seq}
		}
	}
}

// Write inserts the head and the first event.
func (n *creation) Write(ctx context.Context) error { return n.c.s.requests.Transact(ctx, n.ops) }

// Look reads the head. It names the write that made the request, and no later write changes that.
func (n *creation) Look(ctx context.Context) (row.Writer, error) {
	now, err := n.c.s.Load(ctx, n.c.Tenant, n.c.ID)
	if errors.Is(err, ErrNotFound) {
		return row.Unwritten, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	n.now = now
	if now.first == n.id {
		return row.Own, nil
	}
	return row.Other, nil
}

// takeBack deletes what was written for requests that turned out to exist, unless the head names
// it. It ignores failures: the rest does no harm and is dropped an hour later.
func (s *Store) takeBack(ctx context.Context, ns ...*creation) {
	var keys, lists []row.Op
	for _, n := range ns {
		if n.key.ETag != "" && n.key.Key != n.c.KeyID {
			keys = append(keys, remove(n.key))
		}
		named, pk := n.c.namedRows(), layout.ShardPartition(n.c.Tenant, n.c.Shard)
		for _, r := range n.lists {
			if r.ETag != "" && (r.Partition != pk || !slices.Contains(named, r.Key)) {
				lists = append(lists, remove(r))
			}
		}
	}
	_ = s.keys.Transact(ctx, keys)
	for chunk := range slices.Chunk(lists, row.MaxOps) {
		_ = s.lists.Transact(ctx, chunk)
	}
}

// namedRows returns the keys of the rows of table lists that the head names.
func (c *Case) namedRows() []string {
	out := layout.ListRows(&c.Request)
	for k, at := range c.Wakes {
		out = append(out, layout.RowWake(k, at, c.ID))
	}
	return out
}
