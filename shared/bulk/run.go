package bulk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// run is one invocation's work on one import. Four stages work at the same time, each on a chunk of its own: lines are read and judged,
// what their requests need is written, requests are made, progress is stored. Those that write do so in the order of the lines, so that of two equal lines the first is the
// one that is accepted, and so that what is stored is true of all lines before it.
type run struct {
	*Service
	b     *store.BulkCase // belongs to the last stage
	in    store.Bulk      // as it was loaded, for the others
	moved bool            // the wake was moved
}

// chunk is a piece of a list: up to chunkLines lines.
type chunk struct {
	entries []entry
	at      list.Position // after its last line
	last    bool          // of the list
	lines   int64         // of the list until here, empty ones aside
	shards  map[int]bool  // of its new requests
	batch   *store.Batch  // begun, of the entries of
	of      []*entry
}

// entry is a line on its way: a draft until it has a result.
type entry struct {
	number int64
	draft  store.Draft
	id     string // of the draft's request
	result *list.Result
}

func (r *run) run(ctx context.Context) error {
	if !r.Intake.Knows(r.in.Tenant) {
		return r.fail(ctx, problem.Newf(problem.UnknownTenant, "", "the tenant is not configured any more"))
	}
	src, err := r.open(ctx)
	var f *problem.Error
	if errors.As(err, &f) {
		return r.fail(ctx, f)
	}
	if err != nil {
		return err
	}
	defer src.close()
	g, ctx := errgroup.WithContext(ctx)
	judged, begun, made := make(chan *chunk), make(chan *chunk), make(chan *chunk)
	g.Go(func() error {
		defer close(judged)
		return r.judge(ctx, src, judged)
	})
	g.Go(func() error {
		defer close(begun)
		for c := range judged {
			r.begin(ctx, c)
			if err := pass(ctx, begun, c); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		defer close(made)
		for c := range begun {
			if err := r.make(ctx, c); err != nil {
				return err
			}
			if err := pass(ctx, made, c); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		for c := range made {
			if err := r.store(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

func pass(ctx context.Context, to chan<- *chunk, c *chunk) error {
	select {
	case to <- c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// source is a list being read.
type source struct {
	list.Reader
	open []io.Closer
}

func (s *source) close() {
	for _, c := range s.open {
		_ = c.Close()
	}
}

// open opens the list at where the import stands, and only in the version that was received: a position means nothing in another.
func (r *run) open(ctx context.Context) (*source, error) {
	src := &source{}
	lines, err := list.Open(r.in.Format, func(offset int64) (io.Reader, error) {
		// A range may not begin at the end of a blob: read the byte before as well.
		body, info, err := r.Store.Blobs.Open(ctx, inputRef(r.in.Blob), max(0, offset-1), 0)
		if errors.Is(err, store.ErrNotFound) {
			return nil, problem.Newf(problem.BlobMissing, "", "the list is not there any more")
		}
		if failure.Refused(err) {
			return nil, r.unreadable(ctx, &r.in, err)
		}
		if err != nil {
			return nil, err
		}
		src.open = append(src.open, body)
		if r.in.InputETag != "" && info.ETag != r.in.InputETag {
			return nil, problem.Newf(problem.BlobChanged, "", "the list was replaced after it was received")
		}
		if offset == 0 {
			return body, nil
		}
		buffered := bufio.NewReader(body)
		_, err = buffered.Discard(1)
		return buffered, err
	}, list.Position{Offset: r.in.Offset, Line: r.in.Line})
	if err != nil {
		src.close()
		return nil, err
	}
	src.Reader = lines
	return src, nil
}

// judge reads chunk after chunk until the list or the time is over.
func (r *run) judge(ctx context.Context, src *source, to chan<- *chunk) error {
	end := r.Wall().Add(r.bound())
	lines := r.in.Lines
	for {
		c, err := r.read(src, lines)
		if err != nil {
			return err
		}
		lines = c.lines
		if err := pass(ctx, to, c); err != nil {
			return err
		}
		if c.last || !r.Wall().Before(end) {
			return nil
		}
	}
}

// read reads one chunk. Where it ends depends on the list alone, so that an import that resumes cuts it in the same places.
func (r *run) read(src *source, lines int64) (*chunk, error) {
	c := &chunk{lines: lines, shards: map[int]bool{}}
	for size := 0; len(c.entries) < r.chunk() && size < chunkBytes; {
		l, err := src.Next()
		if errors.Is(err, io.EOF) {
			c.last = true
			break
		}
		if err != nil {
			return nil, fmt.Errorf("bulk: read list: %w", err)
		}
		size += len(l.Item)
		c.lines++
		if c.lines > MaxLines {
			c.entries = append(c.entries, entry{number: l.Number, result: result(rejected(l.Number,
				problem.Newf(problem.TooManyLines, "", "a list has at most %d lines: this one and all after it were left out", MaxLines)))})
			c.last = true
			break
		}
		e, err := r.entry(l)
		if err != nil {
			return nil, err
		}
		c.entries = append(c.entries, e)
	}
	c.at = src.Position()
	return c, nil
}

func result(r list.Result) *list.Result { return &r }

// entry judges a line.
func (r *run) entry(l list.Line) (entry, error) {
	e := entry{number: l.Number}
	if l.Fault != nil {
		e.result = result(rejected(l.Number, l.Fault))
		return e, nil
	}
	d, err := r.draft(l)
	if f := problem.As(err); f != nil {
		e.result = result(rejected(l.Number, f))
		return e, nil
	}
	e.draft, e.id = d, r.Store.RequestID(r.in.Caller, r.in.Tenant, d.Key)
	return e, err
}

// draft is the request that a line asks for. Its wake is due at once: the sweep that follows the chunk sends its messages, so that an
// import need not send one for each request.
func (r *run) draft(l list.Line) (store.Draft, error) {
	d, canonical, err := r.Intake.DecodeItem(r.in.Caller, r.in.Tenant, l.Item, r.Now())
	if err != nil {
		return store.Draft{}, err
	}
	if d.Key == "" {
		d.Key = r.lineKey(canonical)
	}
	d.Request.Origin = dsr.Origin{Bulk: r.in.ID, Line: l.Number}
	d.Wakes = map[store.WakeKind]time.Time{store.WakeRedeliver: r.Wall()}
	return d, nil
}
