package lists

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Wake is a durable timer: a request or an import must be looked at again at Due.
type Wake struct {
	Kind    retention.WakeKind
	Due     time.Time
	Tenant  string
	Shard   int
	ID      string // id of the request or the import
	Bulk    bool
	KeyID   string    // id of the case's key, if the wake was written with its request
	Written time.Time // wall time, by the storage service

	key  string // of the row as it was read
	etag string
	rows []string // list rows that were written with it
}

// Key returns the row key of the wake.
func (w Wake) Key() string {
	if w.key != "" {
		return w.key
	}
	return layout.RowWake(w.Kind, w.Due, w.ID)
}

// Span is what one range query reads: the wakes of all kinds that a job handles by one clock, in
// one shard of a tenant.
type Span struct {
	Tenant string
	Shard  int
	Job    dsr.Step
	Clock  retention.Clock
	From   time.Time // due at this time or later; zero, so that no late write is missed
	Until  time.Time // due at this time or before
	After  string    // row key of the last wake that was read; empty at first
}

// keys returns the least row key of the span, and the least one beyond it.
func (p Span) keys() (from, below string) {
	prefix := layout.WakePrefix(p.Job, p.Clock)
	from, below = prefix, prefix+layout.Millis(p.Until.Add(time.Millisecond))
	if !p.From.IsZero() {
		from += layout.Millis(p.From)
	}
	if p.After != "" {
		from = p.After + "!" // sorts before any character of a key
	}
	return from, below
}

// Due returns up to limit wakes of a span, the longest due first. It makes one range query,
// whatever else is stored and however many kinds there are. A kind may be unknown: a later version
// of Rightsdesk wrote it.
func (s *Lists) Due(ctx context.Context, p Span, limit int) ([]Wake, error) {
	if !layout.ValidSegment(p.Tenant) || !layout.ValidSegment(string(p.Job)) || !layout.ValidSegment(string(p.Clock)) || p.Shard < 0 {
		return nil, failure.ErrNotFound
	}
	from, below := p.keys()
	rows, err := s.o.Lists.Range(ctx, layout.ShardPartition(p.Tenant, p.Shard), from, below, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Wake, 0, len(rows))
	for _, r := range rows {
		w, err := readWake(r)
		if err != nil {
			return nil, err
		}
		w.Tenant, w.Shard = p.Tenant, p.Shard
		out = append(out, w)
	}
	return out, nil
}

func readWake(r *row.Row) (Wake, error) {
	parts := strings.Split(r.Key, "|") // w, job, clock, due, kind, id
	if len(parts) != 6 {
		return Wake{}, fmt.Errorf("store: row %s is not a wake", r.Key)
	}
	due, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil {
		return Wake{}, fmt.Errorf("store: row %s is not a wake", r.Key)
	}
	w := Wake{Kind: retention.WakeKind(parts[4]), Due: time.UnixMilli(due).UTC(), ID: parts[5], key: r.Key, Bulk: r.Flag("bulk"), KeyID: r.Text("key"), Written: r.Written, etag: r.ETag}
	r.JSON("rows", &w.rows)
	return w, r.Err()
}

// named reports whether the head of the request or the import names the wake. It also returns what
// the head names.
func (s *Lists) named(ctx context.Context, w Wake) (named bool, head Head, err error) {
	read := s.o.Heads.Request
	if w.Bulk {
		read = s.o.Heads.Import
	}
	head, err = read(ctx, w.Tenant, w.ID)
	if errors.Is(err, failure.ErrNotFound) {
		return false, Head{}, nil
	}
	if err != nil {
		return false, Head{}, err
	}
	if head.Shard != w.Shard {
		// Another attempt to create the request or the import chose this shard.
		return false, Head{KeyID: head.KeyID}, nil
	}
	at, ok := head.Wakes[w.Kind]
	return ok && at.Equal(w.Due), head, nil
}

// Drop deletes a wake that no head names once it is an hour old: what it was written for was never
// committed. The list rows and the key that were written with the wake go, too. Drop reads the head
// itself. It keeps everything that the head names, that is younger, or that was written again
// meanwhile. Dropping twice is not an error.
func (s *Lists) Drop(ctx context.Context, w Wake) error {
	pk := layout.ShardPartition(w.Tenant, w.Shard)
	self, err := s.o.Lists.Get(ctx, pk, w.Key())
	if errors.Is(err, failure.ErrNotFound) {
		return nil
	}
	if err != nil || !s.orphaned(self) {
		return err
	}
	if w, err = refreshWake(w, self); err != nil {
		return err
	}
	// The rows are read before the head. If a later creation writes a row again, its ETag changes.
	// If it has done so already, the row is young.
	old, err := s.oldRows(ctx, pk, w.rows)
	if err != nil {
		return err
	}
	named, head, err := s.named(ctx, w)
	if err != nil || named {
		return err
	}
	rows := head.rows(w.ID)
	for _, r := range old {
		if slices.Contains(rows, r.Key) {
			continue
		}
		if err := row.Drop(ctx, s.o.Lists, r); err != nil && !errors.Is(err, failure.ErrConflict) {
			return err
		}
	}
	if err := s.dropKey(ctx, w, head.KeyID); err != nil {
		return err
	}
	// The wake goes last: after a crash it leads here again.
	if err := row.Drop(ctx, s.o.Lists, self); err != nil && !errors.Is(err, failure.ErrConflict) {
		return err
	}
	return nil
}

// orphaned reports whether a row is so old that no creation or change under way can still name it.
func (s *Lists) orphaned(r *row.Row) bool {
	return s.o.Clocks.Wall().Sub(r.Written) >= retention.KeepUnnamed
}

// refreshWake reads a wake from its row, since the caller may have made up the wake.
func refreshWake(w Wake, self *row.Row) (Wake, error) {
	now, err := readWake(self)
	now.Tenant, now.Shard = w.Tenant, w.Shard
	return now, err
}

// oldRows reads the list rows that exist and are old enough to be dropped.
func (s *Lists) oldRows(ctx context.Context, pk string, rks []string) ([]*row.Row, error) {
	var out []*row.Row
	for _, rk := range rks {
		r, err := s.o.Lists.Get(ctx, pk, rk)
		if errors.Is(err, failure.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.orphaned(r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// dropKey deletes the key that was written with a wake, unless the head names it.
func (s *Lists) dropKey(ctx context.Context, w Wake, headKey string) error {
	if w.KeyID == "" || w.KeyID == headKey {
		return nil
	}
	r, err := s.o.Keys.Get(ctx, layout.ShardPartition(w.Tenant, w.Shard), w.KeyID)
	if errors.Is(err, failure.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return row.Drop(ctx, s.o.Keys, r)
}
