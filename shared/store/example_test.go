package store_test

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// A step loads the request, claims the task that its message names, does the work and commits the
// outcome.
func Example() {
	step := func(ctx context.Context, s *store.Store, m queue.Message, owner string, now time.Time) error {
		c, err := s.Load(ctx, m.Tenant, m.Request)
		if errors.Is(err, store.ErrNotFound) {
			return nil // nothing to do
		}
		if err != nil {
			return err // storage failed: the message comes back
		}
		cl, err := s.Claim(ctx, c, dsr.TaskID(m.Task), owner)
		if errors.Is(err, store.ErrClaimed) {
			return nil // another worker does it
		}
		if err != nil {
			return err
		}
		working, stop := cl.Keep(ctx) // ends when the lease is lost
		defer stop()
		outcome := work(working)
		err = s.Commit(ctx, c, store.Change{
			Events: []dsr.Event{{Type: dsr.EventTaskEnded, At: now, By: "step:example", Task: dsr.TaskID(m.Task), Outcome: &outcome}},
			Claim:  cl,
		})
		if errors.Is(err, store.ErrConflict) {
			return err // another task ended meanwhile: load and commit again
		}
		return err
	}
	_ = step
}

func work(context.Context) dsr.Outcome { return dsr.Outcome{Code: dsr.OutcomeDone} }
