// Package sweep looks at what is due: messages that were lost, and data whose retention has ended.
package sweep

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// orphanAge is how long a due wake that nobody names is left alone: its writer may still be about to commit.
const orphanAge = time.Hour

// Sweeper looks at due wakes.
type Sweeper struct {
	Store   *store.Store
	Settle  *task.Settler
	Tenants func() []string // those that are configured; others that ever were are swept as well
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

// atOnce is how many wakes are looked at at the same time.
const atOnce = 8

// each calls do for every due wake of the kinds in the shards of the tenants. One failure does not stop the others; the first one is
// returned at the end. Every sweep begins somewhere else, so that a bound that is too short starves nobody.
func (s *Sweeper) each(ctx context.Context, tenants []string, shards []int, kinds []store.WakeKind, do func(context.Context, store.Wake) error) (Result, error) {
	r := run{Sweeper: s, do: do, end: s.Wall().Add(s.Bound)}
	n := len(tenants) * len(shards) * len(kinds)
	first := 0
	if n > 0 {
		first = int(s.Wall().Unix()/60) % n
	}
	for i := range n {
		if r.over(ctx) {
			break
		}
		i = (i + first) % n
		r.range1(ctx, tenants[i/len(kinds)/len(shards)], shards[i/len(kinds)%len(shards)], kinds[i%len(kinds)])
	}
	return r.Result, r.first
}

// run is one sweep.
type run struct {
	*Sweeper
	do  func(context.Context, store.Wake) error
	end time.Time

	mu sync.Mutex
	Result
	first error
}

func (r *run) over(ctx context.Context) bool {
	if r.Wall().Before(r.end) && ctx.Err() == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Rest = true
	return true
}

func (r *run) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Failed++
	if r.first == nil {
		r.first = err
	}
}

// range1 looks at what is due of one kind in one shard.
func (r *run) range1(ctx context.Context, tenant string, shard int, k store.WakeKind) {
	wakes, err := r.Store.DueWakes(ctx, tenant, shard, k, r.clock(k), r.Limit)
	if err != nil {
		r.Log.ErrorContext(ctx, "due work cannot be read", "kind", k, "tenant", tenant, "shard", shard, "error", err)
		r.failed(err)
		return
	}
	full := len(wakes) == r.Limit
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, w := range wakes {
		if r.over(ctx) {
			break
		}
		g.Go(func() error {
			r.one(ctx, w, full)
			return nil
		})
	}
	_ = g.Wait()
	r.Rest = r.Rest || full
}

func (r *run) one(ctx context.Context, w store.Wake, full bool) {
	err := r.do(ctx, w)
	r.mu.Lock()
	r.Due++
	if err == nil {
		r.Done++
	}
	r.mu.Unlock()
	if err == nil {
		return
	}
	code := "due-work-failed"
	if errors.Is(err, errDestination) {
		code = "destination-unknown"
	}
	r.Log.ErrorContext(ctx, "due work failed; it stays due", "code", code, "kind", w.Kind, "tenant", w.Tenant, "id", w.ID, "error", err)
	r.failed(err)
	if full {
		r.postpone(ctx, w)
	}
}

// postpone sends a wake that failed to the end of a range that is longer than a sweep, so that it does not keep the others from their turn.
// Best effort: where that fails as well, nothing would go on anyway.
func (r *run) postpone(ctx context.Context, w store.Wake) {
	next := r.clock(w.Kind).Add(task.Redeliver)
	if w.Bulk {
		if b, err := r.loadBulk(ctx, w); err == nil && b != nil {
			_ = r.setBulkWake(ctx, b, w.Kind, next)
		}
		return
	}
	if c, err := r.load(ctx, w); err == nil && c != nil {
		_ = r.Store.Commit(ctx, c, store.Change{Wakes: map[store.WakeKind]time.Time{w.Kind: next}})
	}
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
	tenants, unread := s.EverTenants(ctx)
	res, err := s.each(ctx, tenants, allShards(), []store.WakeKind{store.WakeRedeliver, store.WakeBulk}, func(ctx context.Context, w store.Wake) error {
		if w.Kind == store.WakeBulk {
			return s.bulk(ctx, w)
		}
		return s.redeliver(ctx, w)
	})
	return res, errors.Join(unread, err)
}

// redeliver sends the messages of a request again and sets the next wake.
func (s *Sweeper) redeliver(ctx context.Context, w store.Wake) error {
	c, err := s.load(ctx, w)
	if err != nil || c == nil {
		return err
	}
	next := s.Settle.Next(&c.Request)
	if next.IsZero() && c.State == dsr.Received {
		next = s.Wall().Add(task.Redeliver) // it has nothing to discover, and nobody has started it
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

func allShards() []int {
	out := make([]int, store.Shards)
	for i := range out {
		out[i] = i
	}
	return out
}
