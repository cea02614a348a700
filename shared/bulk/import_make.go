package bulk

import (
	"context"
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// begin writes what the requests of a chunk need before they can be made.
func (i *invocation) begin(ctx context.Context, c *chunk) {
	i.draftNext(ctx, c, nil)
}

// make makes the requests of a chunk that has begun. Of several lines with the same key it
// makes the first one first. The outcome of that line decides the others.
func (i *invocation) make(ctx context.Context, c *chunk) error {
	met := map[string]meaning{}
	for len(c.drafted) > 0 {
		for n, made := range c.batch.Finish(ctx) {
			e := c.drafted[n]
			if err := e.conclude(i.list.ID, made); err != nil {
				return err
			}
			met[e.id] = meaning{request: e.result.ID, body: e.draft.Body, conflict: e.result.Status == list.Rejected}
			if e.result.Status == list.Accepted {
				c.shards[made.Shard] = true
			}
		}
		i.draftNext(ctx, c, met)
	}
	return nil
}

// meaning is what a key turned out to mean.
type meaning struct {
	request  string
	body     string // of the first line with the key
	conflict bool   // the request has another body
}

// draftNext begins the next batch of a chunk: one line of each key that has no result yet.
func (i *invocation) draftNext(ctx context.Context, c *chunk, met map[string]meaning) {
	var drafts []store.Draft
	drafts, c.drafted = c.oneOfEachKey(met)
	c.batch = i.store.BeginMany(ctx, i.list.Tenant, drafts)
}

// oneOfEachKey picks one line of each key that has no result. It first gives a result to
// those lines that met decides without a look at the store.
func (c *chunk) oneOfEachKey(met map[string]meaning) (drafts []store.Draft, of []*entry) {
	picked := map[string]bool{}
	for n := range c.entries {
		e := &c.entries[n]
		if e.result != nil || picked[e.id] {
			continue
		}
		m, known := met[e.id]
		same := m.body == e.draft.Body
		switch {
		case known && same == m.conflict: // the request is known to have another body
			e.ended(list.Refused(e.number, conflict()))
		case known && same:
			e.ended(list.Result{Line: e.number, Status: list.Duplicate, ID: m.request})
		default:
			picked[e.id] = true
			drafts, of = append(drafts, e.draft), append(of, e)
		}
	}
	return drafts, of
}

func conflict() *problem.Error {
	return problem.New(problem.IdempotencyConflict, "/idempotencyKey", "the idempotency key was used with another body before")
}

// conclude gives a line its result. A request that existed before belongs to the line if it
// names the line as its origin: an earlier attempt at this chunk made it.
func (e *entry) conclude(bulk string, made store.Created) error {
	conflicts := errors.Is(made.Err, store.ErrIdempotency)
	switch {
	case made.Err != nil && !conflicts:
		return made.Err
	case made.Request.Origin == (dsr.Origin{Bulk: bulk, Line: e.number}):
		e.ended(list.Result{Line: e.number, Status: list.Accepted, ID: made.Request.ID})
	case conflicts:
		e.ended(list.Refused(e.number, conflict()))
	default:
		e.ended(list.Result{Line: e.number, Status: list.Duplicate, ID: made.Request.ID})
	}
	return nil
}
