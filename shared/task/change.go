package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

// conflicts is how often a change is tried against a request that others change at the same time.
const conflicts = 8

// Change commits what decide says about the request, and returns the request as it is then. When
// somebody else was faster it reads the request again and asks anew. A change that is empty commits
// nothing. The error is that of decide, one of the store, or store.ErrConflict after eight tries.
func (r *Runner) Change(ctx context.Context, c *store.Case, decide func(*store.Case) (store.Change, error)) (*store.Case, error) {
	return r.again(ctx, c, func(c *store.Case) error {
		ch, err := decide(c)
		if err != nil || len(ch.Events) == 0 && len(ch.Wakes) == 0 {
			return err
		}
		ch.Packages = r.place(&c.Request)
		return r.Store.Commit(ctx, c, ch)
	})
}

// again tries something on the request until it meets no conflict, reading the request anew before
// each further try.
func (r *Runner) again(ctx context.Context, c *store.Case, try func(*store.Case) error) (*store.Case, error) {
	for range conflicts {
		err := try(c)
		if !errors.Is(err, store.ErrConflict) {
			return c, err
		}
		if c, err = r.Store.Reload(ctx, c); err != nil {
			return nil, err
		}
	}
	return c, fmt.Errorf("task: %d tries met a conflict: %w", conflicts, store.ErrConflict)
}
