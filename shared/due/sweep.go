// Package due looks once at every wake that is due, bounded in time and count.
package due

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const (
	// limit is how many wakes of one kind and shard one sweep looks at.
	limit = 500
	// bound keeps a sweep well under the period of its timer and the host's limit, in wall
	// time.
	bound = 45 * time.Second
	// atOnce is how many wakes are looked at at the same time.
	atOnce = 8
)

// Options are what a sweeper is made of. Limit and Bound may be zero: the product's values
// then hold.
type Options struct {
	Store   *store.Store
	Clocks  clock.Clocks
	Log     *slog.Logger
	Tenants tenant.Tenants // the configured ones; former ones are swept as well
	Limit   int            // wakes of one kind and shard in one sweep
	Bound   time.Duration  // of a whole sweep, in wall time
}

// Sweeper looks at due wakes.
type Sweeper struct{ Options }

// New returns a sweeper, or an error if an option is missing.
func New(o Options) (*Sweeper, error) {
	if o.Store == nil || o.Clocks.Wall == nil || o.Clocks.Business == nil || o.Log == nil {
		return nil, errors.New("due: a sweeper needs a store, both clocks and a log")
	}
	if o.Limit == 0 {
		o.Limit = limit
	}
	if o.Bound == 0 {
		o.Bound = bound
	}
	return &Sweeper{o}, nil
}

// Result counts what a sweep did.
type Result struct {
	Due, Done, Failed int
	Rest              bool // time or count ran out: the next sweep continues
}

// Report logs what a sweep of a step did.
func (s *Sweeper) Report(ctx context.Context, step dsr.Step, r Result) {
	s.Log.InfoContext(ctx, "swept", "job", step, "due", r.Due, "done", r.Done, "failed", r.Failed, "rest", r.Rest)
}

// now is the time on the clock that a kind of wake follows.
func (s *Sweeper) now(k retention.WakeKind) time.Time {
	if k.Clock() == retention.BusinessClock {
		return s.Clocks.Business()
	}
	return s.Clocks.Wall()
}

// Do handles one due wake. With an error the wake stays due.
type Do func(context.Context, lists.Wake) error

// Handlers say what a step does about each kind of wake.
type Handlers map[retention.WakeKind]Do

// Complete returns an error unless the handlers cover exactly the kinds of wake that the
// retention table gives to the step.
func (h Handlers) Complete(step dsr.Step) error {
	kinds := retention.Wakes(step)
	for _, k := range kinds {
		if h[k] == nil {
			return fmt.Errorf("due: step %s does nothing about wakes of kind %s", step, k)
		}
	}
	if len(h) > len(kinds) {
		return fmt.Errorf("due: step %s handles a kind of wake that the retention table gives to another", step)
	}
	return nil
}

// Do handles a wake by its kind.
func (h Handlers) Do(ctx context.Context, w lists.Wake) error { return h[w.Kind](ctx, w) }

// pile is where the wakes of one kind are, in one shard of a tenant.
type pile struct {
	tenant string
	shard  int
	kind   retention.WakeKind
}

// Each calls do for every due wake of the kinds in the shards of the tenants. One failure
// does not stop the others. The first one is returned at the end. Every sweep begins at
// another place, so that every pile has its turn even when the bound is too short.
func (s *Sweeper) Each(ctx context.Context, tenants []string, shards []int, kinds []retention.WakeKind, do Do) (Result, error) {
	var piles []pile
	for _, t := range tenants {
		for _, shard := range shards {
			for _, k := range kinds {
				piles = append(piles, pile{t, shard, k})
			}
		}
	}
	r := sweep{Sweeper: s, do: do, end: s.Clocks.Wall().Add(s.Bound)}
	first := int(s.Clocks.Wall().Unix() / 60)
	for i := range piles {
		if r.over(ctx) {
			break
		}
		r.pile(ctx, piles[(first+i)%len(piles)])
	}
	return r.result, r.first
}

// sweep is one sweep under way.
type sweep struct {
	*Sweeper
	do  Do
	end time.Time

	mu     sync.Mutex
	result Result
	first  error // of the failures
}

func (s *sweep) over(ctx context.Context) bool {
	if s.Clocks.Wall().Before(s.end) && ctx.Err() == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Rest = true
	return true
}

func (s *sweep) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Failed++
	if s.first == nil {
		s.first = err
	}
}

// pile handles what is due of one kind in one shard.
func (s *sweep) pile(ctx context.Context, p pile) {
	wakes, err := s.Store.Lists.Due(ctx, p.tenant, p.shard, p.kind, s.now(p.kind), s.Limit)
	if err != nil {
		s.Log.ErrorContext(ctx, "due work cannot be read", "kind", p.kind, "tenant", p.tenant, "shard", p.shard, "error", err)
		s.failed(err)
		return
	}
	full := len(wakes) == s.Limit
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, w := range wakes {
		if s.over(ctx) {
			break
		}
		g.Go(func() error {
			s.wake(ctx, w, full)
			return nil
		})
	}
	_ = g.Wait() // Its functions return no error.
	s.result.Rest = s.result.Rest || full
}

// coded is an error with a code of its own for the log line of a wake that failed.
type coded interface{ Code() string }

// wake handles one wake and counts the result.
func (s *sweep) wake(ctx context.Context, w lists.Wake, full bool) {
	err := s.do(ctx, w)
	s.mu.Lock()
	s.result.Due++
	if err == nil {
		s.result.Done++
	}
	s.mu.Unlock()
	if err == nil {
		return
	}
	code := "due-work-failed"
	var coder coded
	if errors.As(err, &coder) {
		code = coder.Code()
	}
	s.Log.ErrorContext(ctx, "due work failed; it stays due", "code", code, "kind", w.Kind, "tenant", w.Tenant, "id", w.ID, "error", err)
	s.failed(err)
	if full {
		s.postpone(ctx, w)
	}
}

// postpone moves a wake that failed to the end of a pile that is larger than one sweep, so
// that it does not keep the others from their turn. If that fails as well, the wake stays
// where it is.
func (s *sweep) postpone(ctx context.Context, w lists.Wake) {
	next := s.now(w.Kind).Add(task.Redeliver)
	if w.Bulk {
		if b, err := s.Import(ctx, w); err == nil && b != nil {
			_ = s.SetImport(ctx, b, w.Kind, next)
		}
		return
	}
	if c, err := s.Request(ctx, w); err == nil && c != nil {
		_ = s.Store.Commit(ctx, c, store.Change{Wakes: map[retention.WakeKind]time.Time{w.Kind: next}})
	}
}

// AllShards returns the shards of a tenant.
func AllShards() []int {
	out := make([]int, store.Shards)
	for i := range out {
		out[i] = i
	}
	return out
}
