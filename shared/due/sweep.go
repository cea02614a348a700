// Package due looks once at every wake that is due, bounded in time and count.
package due

import (
	"context"
	"errors"
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
	// limit is how many wakes of one clock and shard one sweep looks at.
	limit = 4000
	// turn is how many of them are read at once, and looked at before another tenant has its turn.
	turn = 500
	// bound keeps a sweep well under the period of its timer and the host's limit, in wall
	// time.
	bound = 45 * time.Second
	// atOnce is how many wakes are looked at at the same time.
	atOnce = 8
)

// Options are what a sweeper is made of. Limit, Turn and Bound may be zero: the product's
// values then hold.
type Options struct {
	Store   *store.Store
	Clocks  clock.Clocks
	Log     *slog.Logger
	Tenants tenant.Tenants // the configured ones; former ones are swept as well
	Limit   int            // wakes of one clock and shard in one sweep
	Turn    int            // wakes of one clock and shard that are read at once
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
	if o.Turn == 0 {
		o.Turn = min(turn, o.Limit)
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

// now is the time on a clock.
func (s *Sweeper) now(c retention.Clock) time.Time {
	if c == retention.BusinessClock {
		return s.Clocks.Business()
	}
	return s.Clocks.Wall()
}

// Each looks at every due wake of a job in all shards of the tenants, the longest due of a tenant
// first. One failure does not stop the others. The first one is returned at the end. The tenants
// take turns, so that one with much to do does not hold up the others. Every sweep begins at
// another tenant, so that each has its turn even when the bound is too short.
func (s *Sweeper) Each(ctx context.Context, job dsr.Step, tenants []lists.Tenant, does Handlers) (Result, error) {
	var piles []*pile
	for _, t := range tenants {
		for _, c := range retention.Clocks(job) {
			piles = append(piles, s.newPile(job, t, c))
		}
	}
	r := s.begin(does)
	if len(piles) > 0 {
		first := int(s.Clocks.Wall().Unix()/60) % len(piles)
		piles = append(piles[first:], piles[:first]...)
	}
	for len(piles) > 0 && !r.over(ctx) {
		p := piles[0]
		piles = piles[1:]
		if r.turn(ctx, p) {
			piles = append(piles, p)
		}
	}
	return r.result, r.first
}

// At looks at the wakes of a job in one shard that became due at one time, by one clock.
func (s *Sweeper) At(ctx context.Context, p lists.Span, does Handlers) (Result, error) {
	r := s.begin(does)
	for one := s.pileOf(p); r.turn(ctx, one) && !r.over(ctx); {
		continue
	}
	return r.result, r.first
}

// sweep is one sweep under way.
type sweep struct {
	*Sweeper
	does Handlers
	end  time.Time

	mu     sync.Mutex
	result Result
	first  error // of the failures
}

func (s *Sweeper) begin(does Handlers) *sweep {
	return &sweep{Sweeper: s, does: does, end: s.Clocks.Wall().Add(s.Bound)}
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

// turn handles the next wakes of a pile and reports whether it has another turn.
func (s *sweep) turn(ctx context.Context, p *pile) bool {
	if err := s.read(ctx, p); err != nil {
		s.Log.ErrorContext(ctx, "due work cannot be read", "job", p.job, "tenant", p.tenant.ID, "error", err)
		s.failed(err)
		return false
	}
	wakes, more := p.next(s.Turn)
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, same := range s.byRequest(wakes) {
		if s.over(ctx) {
			break
		}
		g.Go(func() error {
			for _, w := range same {
				s.wake(ctx, w, more)
			}
			return nil
		})
	}
	_ = g.Wait() // Its functions return no error.
	if more && p.taken >= s.Limit*len(p.streams) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.result.Rest, more = true, false
	}
	return more
}

// byRequest puts the wakes of one request or import together: handled at the same time, they would
// be in each other's way. It leaves out kinds that have no handler, since a later version of
// Rightsdesk knows and handles them.
func (s *sweep) byRequest(wakes []lists.Wake) (out [][]lists.Wake) {
	at := map[string]int{}
	for _, w := range wakes {
		if s.does[w.Kind] == nil {
			continue
		}
		i, ok := at[w.ID]
		if !ok {
			i, at[w.ID] = len(out), len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], w)
	}
	return out
}

// coded is an error with a code of its own for the log line of a wake that failed.
type coded interface{ Code() string }

// wake handles one wake and counts the result. More says that further wakes of its pile are due.
func (s *sweep) wake(ctx context.Context, w lists.Wake, more bool) {
	err := s.does[w.Kind](ctx, w)
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
	if more {
		s.postpone(ctx, w)
	}
}

// postpone moves a wake that failed to the end of a pile that is larger than one turn, so
// that it does not keep the others from theirs. If that fails as well, the wake stays
// where it is.
func (s *sweep) postpone(ctx context.Context, w lists.Wake) {
	next := s.now(w.Kind.Clock()).Add(task.Redeliver)
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
