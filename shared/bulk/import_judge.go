package bulk

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// source is a list being read.
type source struct {
	list.Reader
	opened []io.Closer
}

func (s *source) close() {
	for _, c := range s.opened {
		_ = c.Close()
	}
}

// open opens the list where the import has come to. It accepts only the version that was received,
// since a position means nothing in another version.
func (i *invocation) open(ctx context.Context) (*source, error) {
	src := &source{}
	lines, err := list.Open(i.list.Format, func(offset int64) (io.Reader, error) {
		// A range may not begin at the end of a blob, so the byte before is read as well.
		body, info, err := i.store.Blobs.Open(ctx, blob.InputRef(i.list.Blob), max(0, offset-1), 0)
		if errors.Is(err, store.ErrNotFound) {
			return nil, problem.New(problem.BlobMissing, "", "the list is no longer there")
		}
		if failure.Refused(err) {
			return nil, i.unreadable(ctx, &i.list, err)
		}
		if err != nil {
			return nil, err
		}
		src.opened = append(src.opened, body)
		if i.list.InputETag != "" && info.ETag != i.list.InputETag {
			return nil, problem.New(problem.BlobChanged, "", "the list was replaced after it was received")
		}
		if offset == 0 {
			return body, nil
		}
		buffered := bufio.NewReader(body)
		_, err = buffered.Discard(1)
		return buffered, err
	}, list.Position{Offset: i.list.Offset, Line: i.list.Line})
	if err != nil {
		src.close()
		return nil, err
	}
	src.Reader = lines
	return src, nil
}

// judge reads one chunk after another until the list or the time ends.
func (i *invocation) judge(ctx context.Context, src *source, to chan<- *chunk) error {
	end := i.clocks.Wall().Add(i.bound)
	lines := i.list.Lines
	for {
		c, err := i.read(src, lines)
		if err != nil {
			return err
		}
		lines = c.lines
		if err := handOn(ctx, to, c); err != nil {
			return err
		}
		if c.last || !i.clocks.Wall().Before(end) {
			return nil
		}
	}
}

// read reads one chunk. Where the chunk ends depends on the list alone, so an import that
// resumes cuts the list in the same places.
func (i *invocation) read(src *source, lines int64) (*chunk, error) {
	c := &chunk{lines: lines, shards: map[int]bool{}, due: i.clocks.Wall()}
	for size := 0; len(c.entries) < i.lines && size < chunkBytes; {
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
		if c.lines > maxLines {
			l.Fault = problem.Newf(problem.TooManyLines, "", "a list has at most %d lines: this line and all lines after it were left out", maxLines)
			c.last = true
		}
		e, err := i.entry(l, c.due)
		if err != nil {
			return nil, err
		}
		c.entries = append(c.entries, e)
		if c.last {
			break
		}
	}
	c.at = src.Position()
	return c, nil
}

// entry judges a line of a chunk whose requests are due at a time.
func (i *invocation) entry(l list.Line, due time.Time) (entry, error) {
	e := entry{number: l.Number}
	if l.Fault != nil {
		e.ended(list.Refused(l.Number, l.Fault))
		return e, nil
	}
	d, err := i.draft(l, due)
	if p := problem.As(err); p != nil {
		e.ended(list.Refused(l.Number, p))
		return e, nil
	}
	e.draft, e.id = d, i.store.RequestID(i.list.Caller, i.list.Tenant, d.Key)
	return e, err
}

// draft returns the request that a line asks for. Its wake is due at once. The look at the
// wakes of the chunk, which follows it, then sends its messages, so an import need not send one
// for each request.
func (i *invocation) draft(l list.Line, due time.Time) (store.Draft, error) {
	d, canonical, err := i.intake.DecodeItem(i.list.Caller, i.list.Tenant, l.Item, i.clocks.Business())
	if err != nil {
		return store.Draft{}, err
	}
	if d.Key == "" {
		d.Key = i.lineKey(canonical)
	}
	d.Request.Origin = dsr.Origin{Bulk: i.list.ID, Line: l.Number}
	d.Wakes = map[retention.WakeKind]time.Time{retention.WakeRedeliver: due}
	return d, nil
}

// lineKey makes the idempotency key of a line that gives none: the same line under the same
// reference is the same request.
func (i *invocation) lineKey(canonical []byte) string {
	return hex.EncodeToString(pii.MAC(i.key, "bulk line", i.list.Reference, string(canonical)))
}
