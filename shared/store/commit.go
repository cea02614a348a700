package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Change is what a commit changes. At least one part is set.
type Change struct {
	// Events are drafts. The caller sets At and By, Commit sets Version, Seq, Prev and Write.
	Events  []dsr.Event
	Reason  pii.Value                        // sealed into the first event
	Wakes   map[retention.WakeKind]time.Time // to set; a zero time clears
	Private *dsr.Private                     // replaces the sealed part of the head
	// Claim makes the commit fail when the claim was lost: the task's row is replaced under the
	// ETag of the claim. The claim goes on as long as the task stays open.
	Claim *lease.Claim
	// Part is the last part of the claimed task. This commit records it, after those that the
	// claim has recorded. Nil leaves these as they are.
	Part *dsr.Part
	// Packages is the account and the container of the package whose assembly this change may
	// begin. The blob gets the id of the write in its name. Zero says that it has no place.
	Packages dsr.Place
	// Take is a task to be claimed in the same transaction, as Claim would do it right after.
	Take Take
}

// Take names a task that a commit claims.
type Take struct {
	Task  dsr.TaskID // empty: nothing is claimed
	Owner string     // a fresh random id of the worker
}

// Commit applies a change and, in the same transaction, the events that follow from it by
// themselves (dsr.Request.Follows). It brings the case up to date, also when only a read shows the
// success.
//
// Commit returns ErrConflict when another writer changed the request (load it again), ErrClaimed
// when the claim was lost, and *dsr.StateError when an event cannot happen now. Any other error is
// a fault of storage: then all or nothing was written.
func (s *Store) Commit(ctx context.Context, c *Case, ch Change) error {
	_, err := s.CommitAndClaim(ctx, c, ch)
	return err
}

// CommitAndClaim is a Commit that returns the claim of the task that the change takes. The task
// must be open after the change and claimed by nobody; otherwise nothing is written and the error
// is ErrClaimed. The claim is nil when the change takes none.
func (s *Store) CommitAndClaim(ctx context.Context, c *Case, ch Change) (*lease.Claim, error) {
	var held *lease.Locked
	if ch.Claim != nil {
		h := ch.Claim.Lock()
		defer h.Unlock()
		if err := h.Check(ctx); err != nil {
			return nil, err
		}
		held = &h
	}
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	t := &commit{s: s, old: c, claim: held, take: ch.Take, packages: ch.Packages, id: s.newID()}
	if err := t.prepare(ctx, ch); err != nil {
		return nil, err
	}
	if err := t.before(ctx); err != nil {
		return nil, err
	}
	what, err := row.Try(ctx, "commit", t)
	switch {
	case err != nil:
		return nil, err
	case what == row.Overtaken && t.claimRefused:
		return nil, ErrClaimed
	case what == row.Overtaken:
		return nil, ErrConflict
	}
	// The change is stored now. The rest tells the caller and tidies up. What a crash leaves behind
	// does no harm.
	taken := t.finish(what == row.FoundDone)
	t.after(ctx)
	return taken, nil
}

// commit is one change that is being stored.
type commit struct {
	s     *Store
	old   *Case
	next  *Case
	claim *lease.Locked // nil without a claim
	take  Take
	// packages is where the next package will lie
	packages dsr.Place
	began    time.Time // wall time of the claim that is taken
	id       string    // id of this write

	events []dsr.Event
	ops    []row.Op // on table requests
	head   *row.Row
	tasks  []*row.Row

	claimRefused bool // the refused row is that of the claimed task

	touched []row.Op // rows of table lists that the old head names and the new one does not
}

// prepare makes the rows of the transaction. It reads the rows of tasks that have to be replaced
// and were not read before.
func (t *commit) prepare(ctx context.Context, ch Change) error {
	if t.claim != nil {
		if err := t.old.adopt(t.claim.Task(), t.claim.Row()); err != nil {
			return err
		}
	}
	for {
		events, err := t.apply(ctx, ch)
		if err != nil {
			return err
		}
		written, unread, err := t.written()
		if err != nil {
			return err
		}
		if len(unread) == 0 {
			return t.collect(events, written)
		}
		if err := t.old.ReadTasks(ctx, unread...); err != nil {
			return err
		}
	}
}

// apply applies the change to a copy of the case, and returns the rows of the events.
func (t *commit) apply(ctx context.Context, ch Change) ([]*row.Row, error) {
	n := *t.old
	t.next, t.events = &n, nil
	n.Request = *t.old.Clone()
	n.rows, n.Wakes = maps.Clone(t.old.rows), maps.Clone(t.old.Wakes)
	if n.Wakes == nil {
		n.Wakes = map[retention.WakeKind]time.Time{}
	}
	for k, at := range ch.Wakes {
		if at.IsZero() {
			delete(n.Wakes, k)
		} else {
			n.Wakes[k] = clock.Stored(at)
		}
	}
	if err := t.seal(ctx, &ch); err != nil {
		return nil, err
	}
	var rows []*row.Row
	for _, e := range ch.Events {
		if err := t.event(e, &rows); err != nil {
			return nil, err
		}
	}
	for len(t.events) > 0 {
		typ, ok := n.Follows()
		if !ok {
			break
		}
		last := t.events[len(t.events)-1]
		if err := t.event(dsr.Event{Type: typ, At: last.At, By: last.By}, &rows); err != nil {
			return nil, err
		}
	}
	n.endFormer(t.old)
	if err := t.claimTaken(ctx); err != nil {
		return nil, err
	}
	n.writes = row.Remember(n.writes, t.id)
	return rows, t.parts(ch.Part)
}

// claimTaken puts the claim of the task that is taken into its row.
func (t *commit) claimTaken(ctx context.Context) error {
	if t.take.Task == "" {
		return nil
	}
	now := t.next.Task(t.take.Task)
	if now == nil || now.State != dsr.TaskOpen {
		return ErrClaimed
	}
	if err := t.next.Expect(ctx, now.ID); err != nil {
		return err
	}
	t.remember(now)
	if now.Claim.Live(t.s.wall()) {
		return ErrClaimed
	}
	t.began = t.s.wall()
	now.Claim = dsr.Claim{Owner: t.take.Owner, Until: t.s.leases.End(), Count: now.Claim.Count + 1, Faults: now.Claim.Faults}
	return nil
}

// remember notes in the old case what is known of the row of a task that is taken, so that Reload
// reads it after a conflict.
func (t *commit) remember(now *dsr.Task) {
	was := t.old.Task(now.ID)
	if _, read := t.old.rows[now.ID]; read || was == nil {
		return
	}
	t.old.rows[now.ID], was.Claim, was.Detail = t.next.rows[now.ID], dsr.Claim{}, &dsr.Detail{}
	if was.Opening == now.Opening {
		was.Claim, was.Detail = now.Claim, now.Detail.Clone()
	}
}

// parts gives the claimed task the parts that its claim has recorded, and the last one. A task that
// was opened again has none. ErrClaimed says that another part has the number of the last one.
func (t *commit) parts(last *dsr.Part) error {
	if t.claim == nil {
		return nil
	}
	now, was := t.next.Task(t.claim.Task()), t.old.Task(t.claim.Task())
	if now == nil || was == nil || now.Opening != was.Opening {
		return nil
	}
	now.Parts = layout.Parts(t.claim.Row())
	if last == nil {
		return nil
	}
	if last.Seq != len(now.Parts)+1 {
		return ErrClaimed
	}
	now.Parts = append(slices.Clip(now.Parts), *last)
	return nil
}

// seal seals the reason into the first event and the private part into the head.
func (t *commit) seal(ctx context.Context, ch *Change) error {
	if !ch.Reason.Empty() && len(ch.Events) > 0 {
		sealed, err := t.old.Seal(ctx, SealReason, []byte(ch.Reason.Reveal()))
		if err != nil {
			return err
		}
		ch.Events = slices.Clone(ch.Events)
		ch.Events[0].Sealed = sealed
	}
	if ch.Private == nil {
		return nil
	}
	plain, err := ch.Private.Encode()
	if err != nil {
		return fmt.Errorf("store: encode the private part: %w", err)
	}
	t.next.sealed, err = t.old.Seal(ctx, sealPrivate, plain)
	return err
}

// event completes an event, applies it to the new case and adds its row.
func (t *commit) event(e dsr.Event, rows *[]*row.Row) error {
	e.Version, e.Seq, e.Prev, e.Write, e.At = 1, t.next.Seq+1, t.next.LastHash, t.id, clock.Stored(e.At)
	if p := t.packages; e.Type == dsr.EventTasksEnded && p.Container != "" {
		p.Name = layout.PackageName(t.next.Tenant, t.next.ID, t.id)
		e.Package = &dsr.Package{State: dsr.PackageBuilding, Place: p}
	}
	if err := t.next.Apply(e); err != nil {
		return err
	}
	r, err := eventRow(t.next, e)
	if err != nil {
		return err
	}
	t.events = append(t.events, e)
	*rows = append(*rows, r)
	return nil
}

// before writes the list rows and wakes that the new head names. It also writes again those that
// only the old head names: with their new ETags they are deleted later, unless another writer
// needs them again. The same transaction deletes what earlier commits left for this one.
func (t *commit) before(ctx context.Context) error {
	was, will := t.old.namedRows(), t.next.namedRows()
	pk := layout.ShardPartition(t.next.Tenant, t.next.Shard)
	var ops []row.Op
	for _, rk := range will {
		if !slices.Contains(was, rk) {
			ops = append(ops, upsert(row.New(pk, rk)))
		}
	}
	for _, rk := range was {
		if !slices.Contains(will, rk) {
			o := upsert(row.New(pk, rk))
			ops, t.touched = append(ops, o), append(t.touched, o)
		}
	}
	left := slices.DeleteFunc(t.old.left, func(o row.Op) bool { return slices.Contains(will, o.Row.Key) })
	t.old.left, t.next.left = nil, nil
	switch {
	case len(ops) == 0:
		t.next.left = left // They wait for a commit that writes list rows, or for Tidy.
		return nil
	case len(ops)+len(left) > row.MaxOps:
		left = nil
	}
	err := t.s.lists.Transact(ctx, append(slices.Clone(ops), left...))
	if len(left) > 0 && row.AsRefusal(err) != nil {
		// A row that was to be deleted is needed again, or gone. It is left alone.
		err = t.s.lists.Transact(ctx, ops)
	}
	return failure.Wrap("store list rows", err)
}

// Write submits the transaction that decides.
func (t *commit) Write(ctx context.Context) error {
	err := t.s.requests.Transact(ctx, t.ops)
	refused := row.AsRefusal(err)
	t.claimRefused = t.claim != nil && refused != nil && refused.Op >= 0 && refused.Op < len(t.ops) &&
		t.ops[refused.Op].Row.Key == layout.RowTask(t.claim.Task())
	return err
}

// Look reads the row of the first event. That row never changes, so it shows a success even after
// others have written. A change without an event leaves its write id in the head.
func (t *commit) Look(ctx context.Context) (row.Writer, error) {
	key := layout.RowHead
	if len(t.events) > 0 {
		key = layout.RowEvent(t.events[0].Seq)
	}
	r, err := t.s.requests.Get(ctx, layout.Partition(t.next.Tenant, t.next.ID), key)
	if errors.Is(err, ErrNotFound) {
		return row.Unwritten, nil
	}
	if err != nil {
		return row.Unwritten, err
	}
	if len(t.events) > 0 {
		if r.Text("write") == t.id {
			return row.Own, nil
		}
		return row.Other, nil
	}
	var writes []string
	r.JSON("writes", &writes)
	return row.WriterOf(t.id, writes, t.old.writes), r.Err()
}

// finish brings the caller's case and claim up to date, and returns the claim that was taken.
// Unheard says that the answer was lost, so that the new ETags are not known.
func (t *commit) finish(unheard bool) (taken *lease.Claim) {
	t.next.stale = unheard
	t.next.etag = t.head.ETag
	for _, r := range t.tasks {
		id := dsr.TaskID(r.Key[len(layout.RowHead)+1:])
		t.next.rows[id] = taskRow{etag: r.ETag, seq: t.next.Seq}
	}
	for _, o := range t.ops {
		t.next.stale = t.next.stale || o.Row.ETag == "" // the answer lacks the ETag
	}
	*t.old = *t.next
	for _, r := range t.tasks {
		switch {
		case t.claim != nil && r.Key == layout.RowTask(t.claim.Task()):
			t.claim.SetRow(r, t.next.stale)
		case t.take.Task != "" && r.Key == layout.RowTask(t.take.Task):
			taken = t.s.leases.Adopt(r, t.take.Task, t.began, t.next.stale)
		}
	}
	return taken
}

// after deletes the rows that no head names any more, or leaves that to the next commit of a worker
// that goes on.
func (t *commit) after(ctx context.Context) {
	t.old.left = append(t.old.left, row.Removals(t.touched)...)
	if t.take.Task == "" {
		t.s.Tidy(ctx, t.old)
	}
}

// Tidy deletes the list rows that a commit with a claim left for the next commit, for a worker that
// does not go on. It ignores failures: lists do not show a row that its head does not name, and
// drop it later.
func (s *Store) Tidy(ctx context.Context, c *Case) {
	_ = s.lists.Transact(ctx, c.left)
	c.left = nil
}
