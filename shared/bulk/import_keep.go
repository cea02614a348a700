package bulk

import (
	"context"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// keep stores the results of a chunk and then the progress. After a crash between the two,
// the chunk is done again, with the same results in the same block. With the last chunk the
// import ends.
func (i *invocation) keep(ctx context.Context, c *chunk) error {
	results := make([]list.Result, len(c.entries))
	for n, e := range c.entries {
		results[n] = *e.result
	}
	if len(results) > 0 {
		if err := i.stage(ctx, results); err != nil {
			return err
		}
	}
	i.advance(c, results)
	if c.last {
		if err := i.finish(ctx, imports.Completed); err != nil {
			return err
		}
	} else if err := i.store.Imports.Save(ctx, i.row); err != nil {
		return err
	}
	if len(results) > 0 {
		i.counter.Count(ctx, countLines, int64(len(results)))
	}
	for shard := range c.shards {
		i.announce(ctx, shard, c.due)
	}
	return nil
}

// stage writes the next block of the result.
func (i *invocation) stage(ctx context.Context, results []list.Result) error {
	body, err := encode(results)
	if err != nil {
		return err
	}
	if err := i.store.Blobs.StageBlock(ctx, blob.ResultRef(i.row.Tenant, i.row.ID), blockID(i.row.Chunk), body); err != nil {
		return err
	}
	i.row.Chunk++
	return nil
}

// blockID names the block with the results of a chunk. All ids in a blob must have the same
// length.
func blockID(n int) string { return fmt.Sprintf("%08d", n) }

// advance moves the position in the row to the end of a chunk. With the first chunk of an
// invocation it also moves the wake, since no other invocation is needed while this one
// works.
func (i *invocation) advance(c *chunk, results []list.Result) {
	i.row.State, i.row.Offset, i.row.Line = imports.Importing, c.at.Offset, c.at.Line
	for _, res := range results {
		i.row.Lines++
		switch res.Status {
		case list.Accepted:
			i.row.Accepted++
		case list.Duplicate:
			i.row.Duplicate++
		case list.Rejected:
			i.row.Rejected++
		}
	}
	if !i.moved {
		i.moved = true
		i.row.Wakes = map[retention.WakeKind]time.Time{retention.WakeBulk: i.clocks.Wall().Add(i.bound + resend)}
	}
}

// announce sends one message that asks for the messages of all new requests of a chunk in a
// shard. The time when they are due tells them from those of other chunks, so that two looks at
// one shard do not do the same. If it cannot be sent, the wakes of the requests send theirs.
func (i *invocation) announce(ctx context.Context, shard int, due time.Time) {
	if err := i.store.Queues.Send(ctx, queue.Work, queue.Message{Tenant: i.list.Tenant, Shard: &shard, Due: due.UnixMilli()}); err != nil {
		i.log.WarnContext(ctx, "message not sent; the wakes will send it", "queue", queue.Work, "tenant", i.list.Tenant, "error", err)
	}
}
