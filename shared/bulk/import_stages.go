package bulk

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
)

// invocation is the work of one invocation on one import.
//
// Four stages work at the same time, each on a chunk of its own. They judge lines, begin
// requests, make requests and keep results. Stages that write do so in the order of the
// lines. So the first of two equal lines is the accepted one, and stored progress holds for
// all lines before it.
type invocation struct {
	*Service
	row   *imports.Case  // belongs to the last stage
	list  imports.Import // as it was loaded, for the other stages
	moved bool           // the wake was moved out of the way
}

// chunk is a piece of a list.
type chunk struct {
	entries []entry
	at      list.Position // after its last line
	last    bool          // of the list
	lines   int64         // of the list up to here, without empty ones
	shards  map[int]bool  // of its new requests
	due     time.Time     // when their wakes are due: by this time their sweep finds them
	batch   *store.Batch  // begun for the entries in drafted
	drafted []*entry
}

// entry is a line on its way: a draft until it has a result.
type entry struct {
	number int64
	draft  store.Draft
	id     string // of the draft's request
	result *list.Result
}

// ended gives the entry its result.
func (e *entry) ended(r list.Result) { e.result = &r }

// run continues the import until the list or the time ends. It ends an import whose list
// cannot be read as a whole.
func (i *invocation) run(ctx context.Context) error {
	if !i.intake.Knows(i.list.Tenant) {
		return i.fail(ctx, problem.New(problem.UnknownTenant, "", "the tenant is no longer configured"))
	}
	src, err := i.open(ctx)
	if p := problem.As(err); p != nil {
		return i.fail(ctx, p)
	}
	if err != nil {
		return err
	}
	defer src.close()
	g, ctx := errgroup.WithContext(ctx)
	judged, begun, made := make(chan *chunk), make(chan *chunk), make(chan *chunk)
	g.Go(func() error {
		defer close(judged)
		return i.judge(ctx, src, judged)
	})
	g.Go(func() error {
		defer close(begun)
		for c := range judged {
			i.begin(ctx, c)
			if err := handOn(ctx, begun, c); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		defer close(made)
		for c := range begun {
			if err := i.make(ctx, c); err != nil {
				return err
			}
			if err := handOn(ctx, made, c); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		for c := range made {
			if err := i.keep(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// handOn gives a chunk to the next stage, unless another stage has failed.
func handOn(ctx context.Context, to chan<- *chunk, c *chunk) error {
	select {
	case to <- c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
