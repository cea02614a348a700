package lists

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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

	etag string
	rows []string // list rows that were written with it
}

// Due returns up to limit wakes of a kind that are due in a shard, the longest due first. It makes
// one range query, whatever else is stored. Now is read from the clock of the kind.
func (s *Lists) Due(ctx context.Context, tenant string, shard int, k retention.WakeKind, now time.Time, limit int) ([]Wake, error) {
	if !layout.ValidSegment(tenant) || !layout.ValidSegment(string(k)) || shard < 0 || shard >= layout.Shards {
		return nil, failure.ErrNotFound
	}
	from := "w|" + string(k) + "|"
	below := from + layout.Millis(now.Add(time.Millisecond))
	rows, err := s.o.Lists.Range(ctx, layout.ShardPartition(tenant, shard), from, below, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Wake, 0, len(rows))
	for _, r := range rows {
		w, err := readWake(r)
		if err != nil {
			return nil, err
		}
		w.Kind, w.Tenant, w.Shard = k, tenant, shard
		out = append(out, w)
	}
	return out, nil
}

func readWake(r *row.Row) (Wake, error) {
	parts := strings.Split(r.Key, "|") // w, kind, due, id
	if len(parts) != 4 {
		return Wake{}, fmt.Errorf("store: row %s is not a wake", r.Key)
	}
	due, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Wake{}, fmt.Errorf("store: row %s is not a wake", r.Key)
	}
	w := Wake{Due: time.UnixMilli(due).UTC(), ID: parts[3], Bulk: r.Flag("bulk"), KeyID: r.Text("key"), Written: r.Written, etag: r.ETag}
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
	if !w.Bulk && head.Shard != w.Shard { // another attempt to create the request chose this shard
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
	self, err := s.o.Lists.Get(ctx, pk, layout.RowWake(string(w.Kind), w.Due, w.ID))
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
	now.Kind, now.Tenant, now.Shard = w.Kind, w.Tenant, w.Shard
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
