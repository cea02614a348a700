// Package sweep looks at what is due: messages that were lost, and data whose retention has ended.
package sweep

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/settle"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// orphanAge is how long a due wake that nobody names is left alone: its writer may still be about to commit.
const orphanAge = time.Hour

// Sweeper looks at due wakes.
type Sweeper struct {
	Store   *store.Store
	Settle  *settle.Settler
	Tenants func() []string
	// Destination is where packages are: see deliver.
	Destination func(tenant, name string) (store.Ref, error)
	Now         func() time.Time // business clock
	Wall        func() time.Time
	Limit       int           // wakes for one sweep of one shard
	Bound       time.Duration // of a whole sweep, wall time
	NewID       func() string
	Log         *slog.Logger
	paused      pressure
}

// clock is the clock that a kind of wake follows.
func (s *Sweeper) clock(k store.WakeKind) time.Time {
	if k.Clock() == store.BusinessClock {
		return s.Now()
	}
	return s.Wall()
}

// Result counts what a sweep did.
type Result struct {
	Due, Done, Failed int
	Rest              bool // time or count ran out: the next sweep goes on
}

// each calls do for every due wake of the kinds, tenant by tenant and shard by shard. One failure does not stop the others; the first
// one is returned at the end.
func (s *Sweeper) each(ctx context.Context, tenants []string, shards []int, kinds []store.WakeKind, do func(context.Context, store.Wake) error) (Result, error) {
	var res Result
	var first error
	end := s.Wall().Add(s.Bound)
	for _, tenant := range tenants {
		for _, shard := range shards {
			for _, k := range kinds {
				wakes, err := s.Store.DueWakes(ctx, tenant, shard, k, s.clock(k), s.Limit)
				if err != nil {
					return res, err
				}
				res.Rest = res.Rest || len(wakes) == s.Limit
				for _, w := range wakes {
					if !s.Wall().Before(end) || ctx.Err() != nil {
						res.Rest = true
						return res, first
					}
					res.Due++
					if err := do(ctx, w); err != nil {
						res.Failed++
						s.Log.ErrorContext(ctx, "due work failed; it stays due", "kind", w.Kind, "tenant", w.Tenant, "id", w.ID, "error", err)
						if first == nil {
							first = err
						}
						continue
					}
					res.Done++
				}
			}
		}
	}
	return res, first
}

// load reads the request that a wake names. Nil means that there is nothing to do: the wake is not the one that the head names.
func (s *Sweeper) load(ctx context.Context, w store.Wake) (*store.Case, error) {
	c, err := s.Store.Load(ctx, w.Tenant, w.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil && c.Wakes[w.Kind].UnixMilli() == w.Due.UnixMilli() {
		return c, nil
	}
	if s.clock(w.Kind).Sub(w.Due) < orphanAge {
		return nil, nil
	}
	return nil, s.Store.DropWake(ctx, w)
}

// Shard redelivers what is due in one shard: what a bulk import asks for after each chunk.
func (s *Sweeper) Shard(ctx context.Context, tenant string, shard int) error {
	_, err := s.each(ctx, []string{tenant}, []int{shard}, []store.WakeKind{store.WakeRedeliver}, s.redeliver)
	return err
}

// Wakes redelivers what is due everywhere; it is the job of the minute timer.
func (s *Sweeper) Wakes(ctx context.Context) (Result, error) {
	paused, err := s.pause(ctx)
	if err != nil || paused {
		return Result{Rest: paused}, err
	}
	return s.each(ctx, s.Tenants(), allShards(), []store.WakeKind{store.WakeRedeliver, store.WakeBulk}, func(ctx context.Context, w store.Wake) error {
		if w.Kind == store.WakeBulk {
			return s.bulk(ctx, w)
		}
		return s.redeliver(ctx, w)
	})
}

// redeliver sends the messages of a request again and sets the next wake.
func (s *Sweeper) redeliver(ctx context.Context, w store.Wake) error {
	c, err := s.load(ctx, w)
	if err != nil || c == nil {
		return err
	}
	next := time.Time{}
	if len(c.Workable()) > 0 || c.State == dsr.Received {
		next = s.Wall().Add(settle.Backoff(faults(&c.Request)))
	}
	err = s.Store.Commit(ctx, c, store.Change{Wakes: map[store.WakeKind]time.Time{store.WakeRedeliver: next}})
	if errors.Is(err, store.ErrConflict) {
		return nil // somebody is at work on it; the wake is still due
	}
	if err != nil || next.IsZero() {
		return err
	}
	if len(c.Workable()) == 0 {
		return s.Store.Send(ctx, store.QueueWork, store.Message{Tenant: c.Tenant, Request: c.ID})
	}
	return s.Settle.Send(ctx, c)
}

// faults is the largest number of faults in a row among the tasks that can be worked on.
func faults(r *dsr.Request) int {
	n := 0
	for _, t := range r.Workable() {
		n = max(n, t.Claim.Faults)
	}
	return n
}

func allShards() []int {
	out := make([]int, store.Shards)
	for i := range out {
		out[i] = i
	}
	return out
}
