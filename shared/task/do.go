package task

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Work is how a step does a task.
type Work struct {
	In    dsr.State // the state of a request in which the step's tasks are done
	By    string    // how the step signs its events
	Owner string    // of the claim: a fresh random id of the invocation
	// Do does the work. Its context ends when the claim is lost. The end of the task is committed; with an error only Progress counts.
	Do func(ctx context.Context, c *store.Case, cl *store.Claim, t dsr.Task) (End, error)
}

// Load reads the request that a message names. One that does not exist is recorded and is nil: another delivery would not find it.
func (s *Settler) Load(ctx context.Context, m store.Message) (*store.Case, error) {
	c, err := s.Store.Load(ctx, m.Tenant, m.Request)
	if errors.Is(err, store.ErrNotFound) {
		s.Ignore(ctx, slog.LevelError, UnknownRequest, m)
		return nil, nil
	}
	return c, err
}

// Why a message is ignored.
const (
	UnknownRequest = "unknown-request"
	UnknownTask    = "unknown-task"
	FinishedTask   = "finished-task" // nothing bad: a message may come twice, and late
)

// Ignore records and counts a message that nothing can be done for.
func (s *Settler) Ignore(ctx context.Context, level slog.Level, reason string, m store.Message) {
	if reason != FinishedTask {
		m.Task = "" // nobody vouches for what a stranger writes there
	}
	s.Log.Log(ctx, level, "message ignored", "code", reason, "tenant", m.Tenant, "request", m.Request, "task", m.Task)
	if s.Ignored != nil {
		s.Ignored(ctx, reason)
	}
}

// IgnoreTask is Ignore of a message whose task is not there or over. A message that names no task is about the whole request.
func (s *Settler) IgnoreTask(ctx context.Context, c *store.Case, id dsr.TaskID) {
	m := store.Message{Tenant: c.Tenant, Request: c.ID, Task: string(id)}
	switch t := c.Task(id); {
	case t == nil && id != "":
		s.Ignore(ctx, slog.LevelError, UnknownTask, m)
	case t != nil && (t.State == dsr.TaskEnded || t.State == dsr.TaskCancelled):
		s.Ignore(ctx, slog.LevelInfo, FinishedTask, m)
	}
}

// Do claims the task of a loaded request, does the work and commits how it ended. It returns the case as it is then, or nil when
// nothing was committed because there was nothing to do, somebody else does it, or the system did not answer. An error is our own.
func (s *Settler) Do(ctx context.Context, c *store.Case, id dsr.TaskID, w Work) (*store.Case, error) {
	c, cl, err := s.take(ctx, c, id, w)
	if err != nil || cl == nil {
		return nil, err
	}
	work, stop := cl.Keep(ctx)
	defer stop()
	end, err := w.Do(work, c, cl, *c.Task(id))
	switch {
	case errors.Is(context.Cause(work), store.ErrClaimed):
		return nil, nil // whatever was made of the context's end, the work is in other hands
	case err != nil:
		err = s.fault(ctx, c, cl, w.By, end.Progress, err)
		c = nil
	default:
		end.Task, end.Claim, end.By = id, cl, w.By
		c, err = s.Task(ctx, c, end)
	}
	if err != nil {
		stop()
		s.release(ctx, cl, err)
		return nil, ended(err)
	}
	return c, nil
}

// release ends the claim of an attempt that failed by an error of ours: whoever comes next, the poison included, need not wait for its end.
// While our storage is down no attempt counts: that is not the task's doing. Best effort.
func (s *Settler) release(ctx context.Context, cl *store.Claim, cause error) {
	let := cl.Release
	if store.Outage(cause) {
		let = cl.GiveBack
	}
	if err := let(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, store.ErrClaimed) {
		s.Log.WarnContext(ctx, "claim not released; it ends by itself", "task", cl.Task(), "error", err)
	}
}

// take claims the task; a nil claim means that there is nothing to do.
func (s *Settler) take(ctx context.Context, c *store.Case, id dsr.TaskID, w Work) (*store.Case, *store.Claim, error) {
	for i := range conflicts {
		t := c.Task(id)
		if i == 0 {
			s.IgnoreTask(ctx, c, id)
		}
		switch {
		case c.State != w.In:
			return nil, nil, s.Send(ctx, c) // a late message: what is due now gets one of its own
		case t == nil || !workable(&c.Request, id) || t.Claim.Rests(s.Wall()):
			return nil, nil, nil
		}
		cl, err := s.Store.Claim(ctx, c, id, w.Owner)
		if !errors.Is(err, store.ErrConflict) {
			return c, cl, ended(err)
		}
		if c, err = s.Store.Load(ctx, c.Tenant, c.ID); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, store.ErrConflict
}

func workable(r *dsr.Request, id dsr.TaskID) bool {
	for _, t := range r.Workable() {
		if t.ID == id {
			return true
		}
	}
	return false
}

// ended turns "somebody else has it" into success: the work is in other hands.
func ended(err error) error {
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	return err
}
