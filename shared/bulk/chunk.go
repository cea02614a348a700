package bulk

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// lineKey is the idempotency key of a line that gives none: the same line under the same reference is the same request.
func (r *run) lineKey(canonical []byte) string {
	return hex.EncodeToString(pii.MAC(r.Key, "bulk line", r.in.Reference, string(canonical)))
}

// known is what a key turned out to mean: a request, and the body that it was asked for with here.
type known struct {
	id, body string
	conflict bool // the request has another body
}

// begin writes what the requests of a chunk need before they can be made.
func (r *run) begin(ctx context.Context, c *chunk) {
	var drafts []store.Draft
	drafts, c.of = r.round(c, nil)
	c.batch = r.Store.BeginMany(ctx, r.in.Tenant, drafts)
}

// make makes the requests of a chunk that has begun. Of lines with one key the first comes first; the others are judged by what it met.
func (r *run) make(ctx context.Context, c *chunk) error {
	keys := map[string]known{}
	for len(c.of) > 0 {
		for n, made := range c.batch.Finish(ctx) {
			e := c.of[n]
			if err := e.settle(r.in.ID, made); err != nil {
				return err
			}
			keys[e.id] = known{id: e.result.ID, body: e.draft.Body, conflict: e.result.Status == list.Rejected}
			if e.result.Status == list.Accepted {
				c.shards[made.Shard] = true
			}
		}
		var drafts []store.Draft
		drafts, c.of = r.round(c, keys)
		c.batch = r.Store.BeginMany(ctx, r.in.Tenant, drafts)
	}
	return nil
}

// round picks one line of each key that has no result, after giving one to those that need no look at the store.
func (r *run) round(c *chunk, keys map[string]known) (drafts []store.Draft, of []*entry) {
	picked := map[string]bool{}
	for i := range c.entries {
		e := &c.entries[i]
		if e.result != nil || picked[e.id] {
			continue
		}
		k, met := keys[e.id]
		same := k.body == e.draft.Body
		switch {
		case met && same == k.conflict: // that body is known to be the other one
			e.result = result(rejected(e.number, conflict()))
		case met && same:
			e.result = &list.Result{Line: e.number, Status: list.Duplicate, ID: k.id}
		default:
			picked[e.id] = true
			drafts, of = append(drafts, e.draft), append(of, e)
		}
	}
	return drafts, of
}

func conflict() *problem.Error {
	return problem.Newf(problem.IdempotencyConflict, "/idempotencyKey", "the idempotency key was used with another body before")
}

// settle says what became of a line. A request that was there before is the line's own if it carries the line as its origin: an earlier
// attempt at this chunk made it.
func (e *entry) settle(bulk string, made store.Created) error {
	conflicts := errors.Is(made.Err, store.ErrIdempotency)
	switch {
	case made.Err != nil && !conflicts:
		return made.Err
	case made.Request.Origin == (dsr.Origin{Bulk: bulk, Line: e.number}):
		e.result = &list.Result{Line: e.number, Status: list.Accepted, ID: made.Request.ID}
	case conflicts:
		e.result = result(rejected(e.number, conflict()))
	default:
		e.result = &list.Result{Line: e.number, Status: list.Duplicate, ID: made.Request.ID}
	}
	return nil
}

// store keeps the results of a chunk and then its progress: a crash between the two does the chunk again, with the same results in the
// same block. With the last chunk the import ends.
func (r *run) store(ctx context.Context, c *chunk) error {
	results := make([]list.Result, len(c.entries))
	for i, e := range c.entries {
		results[i] = *e.result
	}
	if len(results) > 0 {
		body, err := encode(results)
		if err != nil {
			return err
		}
		if err := r.Store.Blobs.StageBlock(ctx, resultRef(r.in.Tenant, r.in.ID), blockID(r.b.Chunk), body); err != nil {
			return err
		}
		r.b.Chunk++
	}
	r.advance(c, results)
	if c.last {
		if err := r.finish(ctx, store.BulkCompleted); err != nil {
			return err
		}
	} else if err := r.Store.SaveBulk(ctx, r.b); err != nil {
		return err
	}
	r.count(ctx, CountLines, int64(len(results)))
	for shard := range c.shards {
		r.sweep(ctx, shard)
	}
	return nil
}

// advance moves the import behind a chunk. The first chunk of an invocation also moves the wake out of its way: while this one is at
// work nobody need be called.
func (r *run) advance(c *chunk, results []list.Result) {
	r.b.State, r.b.Offset, r.b.Line = store.BulkImporting, c.at.Offset, c.at.Line
	for _, res := range results {
		r.b.Lines++
		switch res.Status {
		case list.Accepted:
			r.b.Accepted++
		case list.Duplicate:
			r.b.Duplicate++
		case list.Rejected:
			r.b.Rejected++
		}
	}
	if !r.moved {
		r.moved = true
		r.b.Wakes = map[store.WakeKind]time.Time{store.WakeBulk: r.Wall().Add(r.bound() + resend)}
	}
}

// sweep asks for the messages of the requests of a shard. One that cannot be sent is no error: their own wakes send them.
func (r *run) sweep(ctx context.Context, shard int) {
	if err := r.Store.Queues.Send(ctx, queue.Work, queue.Message{Tenant: r.in.Tenant, Shard: &shard}); err != nil {
		r.Log.WarnContext(ctx, "message not sent; the wakes will", "queue", queue.Work, "tenant", r.in.Tenant, "error", err)
	}
}
