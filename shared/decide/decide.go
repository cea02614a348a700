// Package decide carries out what a person decides about a running request: which candidate is
// meant, that failed tasks are tried again, that the request is cancelled, how a manual task
// ended.
package decide

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// Service applies decisions.
type Service struct{ runner *task.Runner }

// New returns the service. The error says that the runner is missing.
func New(r *task.Runner) (*Service, error) {
	if r == nil {
		return nil, errors.New("decide: a runner is needed")
	}
	return &Service{runner: r}, nil
}

// Who says who decides, and on which version of the request.
type Who struct {
	ID string // of the caller
	// Versions are the versions that the caller means, each the number of a request's last event.
	// They are compared before each try. When nil, every version is meant; when empty, none is.
	Versions []int64
}

// means refuses a version of the request that the caller does not mean.
func (w Who) means(r *dsr.Request) error {
	if w.Versions == nil || slices.Contains(w.Versions, r.Seq) {
		return nil
	}
	return problem.New(problem.PreconditionFailed, "", "the request has changed since the version that If-Match names: read it again")
}

// Choose leaves needs-decision with the candidate that a person chose. From then on that object
// alone is the data subject, and every system is asked again. Errors: wrong-state,
// unknown-candidate, changed-meanwhile.
func (s *Service) Choose(ctx context.Context, c *store.Case, who Who, objectID string) (*store.Case, error) {
	return s.change(ctx, c, who, func(c *store.Case) (store.Change, error) {
		if c.State != dsr.StateNeedsDecision {
			return store.Change{}, wrongState(c, "a candidate is chosen while it is needs-decision")
		}
		p, err := c.Private(ctx)
		if err != nil {
			return store.Change{}, err
		}
		known := func(o dsr.Candidate) bool { return strings.EqualFold(o.ObjectID, objectID) }
		i := slices.IndexFunc(p.Candidates, known)
		if i < 0 {
			return store.Change{}, problem.New(problem.UnknownCandidate, "/objectId", "this is not the object id of one of the candidates")
		}
		p.Subject.Decided = pii.New(p.Candidates[i].ObjectID)
		p.Candidates = nil // a discovery that finds none must not be asked again about these
		var again []dsr.TaskID
		for _, t := range c.Tasks {
			if t.Action == dsr.Discover {
				again = append(again, t.ID)
			}
		}
		return store.Change{
			Events:  []dsr.Event{{Type: dsr.EventDecided, At: s.runner.Clocks.Business(), By: who.ID, Tasks: again}},
			Reason:  p.Subject.Decided,
			Private: &p,
			Wakes:   s.redeliver(),
		}, nil
	})
}

// Retry opens failed tasks again, with a new discovery of their systems: the data may have
// changed since. A request that failed without a failed task is assembled again. A task that a
// person did by hand is not retried. Errors: wrong-state, nothing-to-retry, changed-meanwhile.
func (s *Service) Retry(ctx context.Context, c *store.Case, who Who, reason pii.Value) (*store.Case, error) {
	return s.change(ctx, c, who, func(c *store.Case) (store.Change, error) {
		if _, err := dsr.Next(c.State, dsr.EventRetried); err != nil {
			return store.Change{}, wrongState(c, "it is tried again once it is waiting, completed or failed")
		}
		again := c.Retryable()
		if len(again) == 0 && c.State != dsr.StateFailed {
			return store.Change{}, problem.New(problem.NothingToRetry, "", "no task of the request has failed")
		}
		return store.Change{
			Events: []dsr.Event{{Type: dsr.EventRetried, At: s.runner.Clocks.Business(), By: who.ID, Tasks: again}}, Reason: reason, Wakes: s.redeliver(),
		}, nil
	})
}

// Cancel ends the request. A worker that is at one of its tasks stops within one page. What had
// been done stays in its tasks and its history. Errors: wrong-state, changed-meanwhile.
func (s *Service) Cancel(ctx context.Context, c *store.Case, who Who, reason pii.Value) (*store.Case, error) {
	return s.change(ctx, c, who, func(c *store.Case) (store.Change, error) {
		if _, err := dsr.Next(c.State, dsr.EventCancelled); err != nil {
			return store.Change{}, wrongState(c, "it is over and cannot be cancelled")
		}
		var stopped []dsr.TaskID
		for _, t := range c.Unended() {
			stopped = append(stopped, t.ID)
		}
		now := s.runner.Clocks.Business()
		return store.Change{
			Events: []dsr.Event{{Type: dsr.EventCancelled, At: now, By: who.ID, Tasks: stopped}}, Reason: reason,
			Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: {}, retention.WakeParts: now.Add(retention.LookAgain)},
		}, nil
	})
}

// EndTask ends a manual task with the outcome and the text of a person. Errors: not-found for a
// task that does not exist, not-a-manual-task, wrong-state, invalid-value, changed-meanwhile.
func (s *Service) EndTask(ctx context.Context, c *store.Case, who Who, id dsr.TaskID, code dsr.OutcomeCode, text pii.Value) (*store.Case, error) {
	if !slices.Contains(dsr.FinalCodes(), code) {
		return c, problem.New(problem.InvalidValue, "/outcome", "done, nothing-found, partial, refused or failed is expected")
	}
	return s.change(ctx, c, who, func(c *store.Case) (store.Change, error) {
		t := c.Task(id)
		if t == nil || !t.Listed() {
			return store.Change{}, problem.Absent()
		}
		if _, err := dsr.Next(c.State, dsr.EventTaskEnded); err != nil {
			return store.Change{}, wrongState(c, "its tasks are over")
		}
		if t.State != dsr.TaskWaiting || t.Outcome.Code != dsr.OutcomeManual {
			return store.Change{}, problem.Newf(problem.NotManual, "", "the task is %s and does not wait for a person", t.State)
		}
		o := dsr.Outcome{Code: code, Reason: "A person ended this task by hand.", Link: t.Outcome.Link}
		ch := store.Change{Events: []dsr.Event{{Type: dsr.EventTaskEnded, At: s.runner.Clocks.Business(), By: who.ID, Task: id, Outcome: &o}}, Reason: text}
		if c.State == dsr.StateWaiting && len(c.Open(dsr.StepFulfil)) > 0 {
			ch.Wakes = s.redeliver() // An effect may have waited for this copy.
		}
		return ch, nil
	})
}

func (s *Service) redeliver() map[retention.WakeKind]time.Time {
	return map[retention.WakeKind]time.Time{retention.WakeRedeliver: s.runner.Clocks.Wall().Add(task.Redeliver)}
}

// change commits what decide says and sends the messages of what can be worked on next. The request
// that it returns is up to date.
func (s *Service) change(ctx context.Context, c *store.Case, who Who, decide func(*store.Case) (store.Change, error)) (*store.Case, error) {
	c, err := s.runner.Change(ctx, c, func(c *store.Case) (store.Change, error) {
		if err := who.means(&c.Request); err != nil {
			return store.Change{}, err
		}
		return decide(c)
	})
	if errors.Is(err, store.ErrConflict) {
		return c, problem.New(problem.ChangedMeanwhile, "", "others changed the request at the same time, again and again")
	}
	if err != nil {
		return c, err
	}
	return c, s.runner.Send(ctx, &c.Request)
}

func wrongState(c *store.Case, when string) error {
	return problem.Newf(problem.WrongState, "", "the request is %s: %s", c.State, when)
}
