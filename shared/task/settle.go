// Package task records how a task ended and everything that follows from it in the same transaction, then tells the queues what
// can be worked on next.
package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Redeliver is how long after a message was sent its work is looked at again, unless a fault asks for more.
const Redeliver = time.Minute

// conflicts is how often a commit is tried against a request that others change at the same time.
const conflicts = 8

// Settler ends tasks.
type Settler struct {
	Store *store.Store
	Now   func() time.Time // business clock: the times of events
	Wall  func() time.Time // wall clock: redelivery
	Log   *slog.Logger
	// Ignored counts a message that nothing can be done for, by the code of its log line; nil: nothing is counted.
	Ignored func(ctx context.Context, reason string)
}

// End is how a task ended.
type End struct {
	Task     dsr.TaskID
	Claim    *store.Claim // nil when a person ends it
	By       string       // "step:" and the step, or the caller's name
	Outcome  dsr.Outcome
	Queries  []dsr.Query
	Records  int64
	Findings string       // blob with what a discovery found
	Package  *dsr.Package // of the package task that is done
	Reason   pii.Value    // what a person wrote; sealed
	Wakes    map[store.WakeKind]time.Time
	// Candidates are the people whom a discovery matched, when there are several.
	Candidates []dsr.Candidate
	// Progress says that the attempt handed something over, also one that then met a fault.
	Progress bool
}

// Task commits the end of a task and sends the messages for what became workable. On store.ErrConflict it reads the request again
// and tries anew; a claim that was lost ends it with store.ErrClaimed. The case is up to date afterwards.
func (s *Settler) Task(ctx context.Context, c *store.Case, e End) (*store.Case, error) {
	for range conflicts {
		ch, err := s.change(ctx, c, e)
		if err != nil {
			return c, err
		}
		was := c.State
		err = s.Store.Commit(ctx, c, ch)
		if errors.Is(err, store.ErrConflict) {
			if c, err = s.Store.Load(ctx, c.Tenant, c.ID); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return c, err
		}
		if c.State == was {
			return c, nil // the other tasks of this state have had their messages
		}
		return c, s.Send(ctx, c)
	}
	return c, fmt.Errorf("task: %d commits met a conflict: %w", conflicts, store.ErrConflict)
}

// change lists the events of an end, and arms or clears the wake that redelivers messages.
func (s *Settler) change(ctx context.Context, c *store.Case, e End) (store.Change, error) {
	t := c.Task(e.Task)
	if t == nil || (t.State != dsr.TaskOpen && t.State != dsr.TaskWaiting) {
		return store.Change{}, store.ErrClaimed // somebody ended or cancelled it
	}
	now := s.Now()
	ch := store.Change{Claim: e.Claim, Reason: e.Reason, Wakes: map[store.WakeKind]time.Time{}}
	for k, due := range e.Wakes {
		ch.Wakes[k] = due
	}
	switch {
	case e.Task == dsr.PackageTask:
		typ := dsr.EventAnswered
		if e.Outcome.Code != dsr.Done {
			typ = dsr.EventAssemblyFailed
			ch.Wakes[store.WakeParts] = now // a retry reads everything anew
		}
		ch.Events = []dsr.Event{{Type: typ, At: now, By: e.By, Task: e.Task, Outcome: &e.Outcome, Package: e.Package}}
	case t.Action == dsr.Discover:
		evs, private, err := s.discovered(ctx, c, e)
		if err != nil {
			return store.Change{}, err
		}
		ch.Events, ch.Private = evs, private
	default:
		typ := dsr.EventTaskEnded
		if e.Outcome.Code.Open() {
			typ = dsr.EventTaskWaiting
		}
		ch.Events = []dsr.Event{{Type: typ, At: now, By: e.By, Task: e.Task, Outcome: &e.Outcome, Queries: e.Queries, Records: e.Records}}
	}
	after, err := preview(&c.Request, ch.Events)
	if err != nil {
		return store.Change{}, err
	}
	// While something can be worked on, a wake stands behind it; in a state that goes on it is there already.
	if next := s.Next(after); next.IsZero() || after.State != c.State {
		ch.Wakes[store.WakeRedeliver] = next
	}
	return ch, nil
}

// discovered is the end of one system's discovery. The last one decides for all: several people, and a human is asked; nothing found
// or no answer, and the tasks of that system end with the same words.
func (s *Settler) discovered(ctx context.Context, c *store.Case, e End) ([]dsr.Event, *dsr.Private, error) {
	now := s.Now()
	evs := []dsr.Event{{
		Type: dsr.EventDiscovered, At: now, By: e.By, Task: e.Task, Outcome: &e.Outcome, Queries: e.Queries, Records: e.Records, Findings: e.Findings,
	}}
	var private *dsr.Private
	several := len(e.Candidates) > 0
	last := len(c.Open(dsr.Discover)) == 1
	if several || last {
		p, err := c.Private(ctx)
		if err != nil {
			return nil, nil, err
		}
		if several {
			p.Candidates = append(slices.Clone(p.Candidates), e.Candidates...)
			private = &p
		}
		several = len(p.Candidates) > 0
	}
	switch {
	case !last:
	case several:
		evs = append(evs, dsr.Event{Type: dsr.EventCandidatesFound, At: now, By: e.By})
	default:
		evs = append(evs, s.unfound(&c.Request, e)...)
	}
	return evs, private, nil
}

// unfound ends the tasks of systems whose discovery found nothing, or failed.
func (s *Settler) unfound(r *dsr.Request, e End) []dsr.Event {
	var evs []dsr.Event
	for _, t := range r.Open(dsr.Access, dsr.Export) {
		d := r.Task(dsr.NewTaskID(t.System, dsr.Discover))
		if d == nil {
			continue
		}
		o := d.Outcome
		if d.ID == e.Task {
			o = e.Outcome
		}
		if o.Code == dsr.Done || o.Code == dsr.Partial {
			continue
		}
		evs = append(evs, dsr.Event{Type: dsr.EventTaskEnded, At: s.Now(), By: e.By, Task: t.ID, Outcome: &o})
	}
	return evs
}

// preview is the request as it will be after the events and what settles after them.
func preview(r *dsr.Request, evs []dsr.Event) (*dsr.Request, error) {
	after := r.Clone()
	apply := func(e dsr.Event) error {
		e.Seq, e.Prev = after.Seq+1, after.LastHash
		return after.Apply(e)
	}
	for _, e := range evs {
		if err := apply(e); err != nil {
			return nil, err
		}
	}
	for {
		typ, ok := after.Follows()
		if !ok {
			return after, nil
		}
		if err := apply(dsr.Event{Type: typ}); err != nil {
			return nil, err
		}
	}
}

// Send puts a message on its queue for every task that a worker could do now, that nobody has claimed and that does not rest. A message that cannot be
// sent is no error: the wake that stands behind it sends it a minute later.
func (s *Settler) Send(ctx context.Context, c *store.Case) error {
	wall := s.Wall()
	for _, t := range c.Workable() {
		if t.Claim.Live(wall) || t.Claim.Rests(wall) {
			continue
		}
		queue := store.QueueWork
		if t.Action == dsr.Access || t.Action == dsr.Export {
			queue = store.QueueFulfil
		}
		if err := s.Store.Send(ctx, queue, store.Message{Tenant: c.Tenant, Request: c.ID, Task: string(t.ID)}); err != nil {
			s.Log.WarnContext(ctx, "message not sent; its wake will", "queue", queue, "tenant", c.Tenant, "request", c.ID, "task", t.ID, "error", err)
		}
	}
	return nil
}
