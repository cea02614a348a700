package task

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
)

// End commits the end of a task and sends the messages for what became workable. It returns the
// request as it is then. A claim that was lost makes the error store.ErrClaimed.
func (r *Runner) End(ctx context.Context, c *store.Case, e End) (*store.Case, error) {
	c, _, err := r.end(ctx, c, e, false)
	return c, err
}

// end is End of an invocation that may go on. When exactly one task follows then, it is claimed
// with the same commit and gets no message.
func (r *Runner) end(ctx context.Context, c *store.Case, e End, goesOn bool) (*store.Case, *lease.Claim, error) {
	var was dsr.State
	var next *lease.Claim
	c, err := r.again(ctx, c, func(c *store.Case) error {
		was = c.State
		ch, after, err := r.change(ctx, c, e)
		if err != nil {
			return err
		}
		ch.Packages = r.place(&c.Request)
		if goesOn {
			ch.Take = r.follows(after, was)
		}
		next, err = r.Store.CommitAndClaim(ctx, c, ch)
		return err
	})
	if err != nil || c.State == was || next != nil {
		return c, next, err // The other tasks of this state have had their messages.
	}
	return c, nil, r.Send(ctx, &c.Request)
}

// follows names the one task that an invocation goes on with.
func (r *Runner) follows(after *dsr.Request, was dsr.State) store.Take {
	wall := r.Clocks.Wall()
	workable := after.Workable()
	if after.State == was || len(workable) != 1 {
		return store.Take{}
	}
	t := workable[0]
	if t.Claim.Live(wall) || t.Claim.Rests(wall) || r.steps[t.Action.Step()] == nil {
		return store.Take{}
	}
	return store.Take{Task: t.ID, Owner: uuid.NewString()}
}

// change lists the events of an end, and arms or clears the wake that sends messages again. It also
// returns the request as it will be.
func (r *Runner) change(ctx context.Context, c *store.Case, e End) (store.Change, *dsr.Request, error) {
	t := c.Task(e.Task)
	if t == nil || (t.State != dsr.TaskOpen && t.State != dsr.TaskWaiting) {
		return store.Change{}, nil, store.ErrClaimed // Somebody ended or cancelled it.
	}
	ch := store.Change{Claim: e.Claim, Part: e.Part, Reason: e.Reason, Wakes: map[retention.WakeKind]time.Time{}}
	maps.Copy(ch.Wakes, e.Wakes)
	switch t.Action.Step() {
	case dsr.StepDeliver:
		ch.Events = r.delivered(ctx, c, e, &ch)
	case dsr.StepDiscover:
		var err error
		if ch.Events, ch.Private, err = r.discovered(ctx, c, e); err != nil {
			return store.Change{}, nil, err
		}
	default:
		typ := dsr.EventTaskEnded
		if e.Outcome.Code.Open() {
			typ = dsr.EventTaskWaiting
		}
		ch.Events = []dsr.Event{r.event(typ, e)}
	}
	after, err := preview(&c.Request, ch.Events)
	if err != nil {
		return store.Change{}, nil, err
	}
	// There is a wake for everything that a worker could do. One that is due before it would be
	// set anew serves as well: to leave it saves the rows that move it.
	next, armed := r.Next(after), c.Wakes[retention.WakeRedeliver]
	if next.IsZero() || armed.IsZero() || armed.After(next) {
		ch.Wakes[retention.WakeRedeliver] = next
	}
	return ch, after, nil
}

// event is an event of the end of a task.
func (r *Runner) event(typ dsr.EventType, e End) dsr.Event {
	return dsr.Event{
		Type: typ, At: r.Clocks.Business(), By: e.By, Task: e.Task, Outcome: &e.Outcome, Queries: e.Queries, Records: e.Records,
		Findings: e.Findings, Package: e.Package,
	}
}

// delivered is the end of a delivery. After one that failed the parts are deleted once no writer of
// parts can be alive, since a retry reads anew what is in no package.
func (r *Runner) delivered(ctx context.Context, c *store.Case, e End, ch *store.Change) []dsr.Event {
	if e.Outcome.Code == dsr.OutcomeDone {
		return []dsr.Event{r.event(dsr.EventAnswered, e)}
	}
	ch.Wakes[retention.WakeParts] = r.Clocks.Business().Add(retention.LookAgain)
	failed := r.event(dsr.EventAssemblyFailed, e)
	if e.Missing {
		r.Log.ErrorContext(ctx, "the package before is not where it was put", "code", "package-missing", "tenant", c.Tenant, "request", c.ID)
		return []dsr.Event{{Type: dsr.EventPackageMissing, At: failed.At, By: e.By}, failed}
	}
	return []dsr.Event{failed}
}

// discovered is the end of one system's discovery. The last one decides for all. When several
// people match, a person is asked. Otherwise the tasks of each system that found nothing, or that
// did not answer, end with the words of its discovery.
func (r *Runner) discovered(ctx context.Context, c *store.Case, e End) ([]dsr.Event, *dsr.Private, error) {
	evs := []dsr.Event{r.event(dsr.EventDiscovered, e)}
	var private *dsr.Private
	several := len(e.Candidates) > 0
	last := len(c.Open(dsr.StepDiscover)) == 1
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
		evs = append(evs, dsr.Event{Type: dsr.EventCandidatesFound, At: r.Clocks.Business(), By: e.By})
	default:
		evs = append(evs, r.unfound(&c.Request, e)...)
	}
	return evs, private, nil
}

// unfound ends the tasks of systems whose discovery found nothing, or failed, by one event.
func (r *Runner) unfound(req *dsr.Request, e End) []dsr.Event {
	var ended []dsr.EndedTasks
	for _, t := range req.Open(dsr.StepFulfil) {
		d := req.Task(dsr.NewTaskID(t.System, dsr.Discover))
		if d == nil {
			continue
		}
		o := d.Outcome
		if d.ID == e.Task {
			o = e.Outcome
		}
		if o.Code == dsr.OutcomeDone || o.Code == dsr.OutcomePartial {
			continue
		}
		i := slices.IndexFunc(ended, func(g dsr.EndedTasks) bool { return g.Outcome == o })
		if i < 0 {
			i, ended = len(ended), append(ended, dsr.EndedTasks{Outcome: o})
		}
		ended[i].Tasks = append(ended[i].Tasks, t.ID)
	}
	if len(ended) == 0 {
		return nil
	}
	return []dsr.Event{{Type: dsr.EventTaskEnded, At: r.Clocks.Business(), By: e.By, Ended: ended}}
}

// preview is the request as it will be after the events and what follows them.
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
