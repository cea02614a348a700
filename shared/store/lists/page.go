package lists

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Query says which requests to list. With State or DueBefore, the first due come first. Without
// them, the newest received come first.
type Query struct {
	Tenants   []string // tenants of the caller, at least one
	State     dsr.State
	Ending    dsr.Ending // only with a State in which a request is over
	DueBefore time.Time
	Limit     int    // 1 to 200; 0 means 50
	Cursor    string // Next of the page before
}

const (
	defaultLimit = 50
	maxLimit     = 200
	// maxRounds bounds how often a page looks for further rows that agree with their heads. A page
	// may therefore be short or empty although it has a next.
	maxRounds = 4
)

// list is a query that is being answered: a range of rows for each prefix in each shard of each
// tenant, merged. The rows of all prefixes are in the order of what follows the prefix: a time and
// an id.
type list struct {
	s        *Lists
	q        Query
	prefixes []string
	after    string // what follows the prefix of the last row that was read; empty at first
	below    string // what may follow is less than this; empty for everything

	tenants []Tenant // with their shards as they are now
}

// place is a range of rows in a shard of a tenant.
type place struct {
	tenant, prefix string
	shard          int
}

func (l *list) places() (out []place) {
	for _, t := range l.tenants {
		for shard := range t.Shards {
			for _, prefix := range l.prefixes {
				out = append(out, place{t.ID, prefix, shard})
			}
		}
	}
	return out
}

// findShards reads how many shards the tenants have, so that a page misses nothing that another
// process wrote into a new shard.
func (l *list) findShards(ctx context.Context) error {
	l.tenants = make([]Tenant, len(l.q.Tenants))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(l.s.o.Parallel)
	for i, id := range l.q.Tenants {
		g.Go(func() (err error) {
			l.tenants[i], err = l.s.tenant(gctx, id)
			return err
		})
	}
	return g.Wait()
}

// Page returns a page of requests with their tasks, as their heads are now. Rows that their heads
// do not name are left out. Next is the cursor of the following page and is empty at the end. Page
// returns ErrFilter for a filter that no kind of list row answers, and ErrCursor for a cursor that
// is invalid or of another list.
func (s *Lists) Page(ctx context.Context, q Query) (items []*dsr.Request, next string, err error) {
	l, err := s.newList(q)
	if err != nil {
		return nil, "", err
	}
	if err := l.findShards(ctx); err != nil {
		return nil, "", err
	}
	for range maxRounds {
		rows, more, err := l.rows(ctx, l.q.Limit-len(items))
		if err != nil {
			return nil, "", err
		}
		found, err := l.heads(ctx, rows)
		if err != nil {
			return nil, "", err
		}
		items = append(items, found...)
		if !more {
			return items, "", nil
		}
		l.after = rows[len(rows)-1].rank
		next = l.cursor(l.after)
		if len(items) >= l.q.Limit {
			break
		}
	}
	return items, next, nil
}

func (s *Lists) newList(q Query) (*list, error) {
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	q.Limit = min(max(q.Limit, 1), maxLimit)
	q.Tenants = slices.Compact(slices.Sorted(slices.Values(q.Tenants)))
	if len(q.Tenants) == 0 || !allSegments(q.Tenants) {
		return nil, ErrFilter
	}
	l := &list{s: s, q: q}
	switch {
	case q.State != dsr.StateNone:
		if l.prefixes = statePrefixes(q.State, q.Ending); l.prefixes == nil {
			return nil, ErrFilter
		}
	case q.Ending != "":
		return nil, ErrFilter // no list row has the ending without the state
	case !q.DueBefore.IsZero():
		l.prefixes = []string{"d|"}
	default:
		l.prefixes = []string{"n|"}
	}
	if !q.DueBefore.IsZero() {
		l.below = layout.Millis(q.DueBefore)
	}
	return l, l.resume(q.Cursor)
}

// statePrefixes returns what the keys of the rows of a state begin with: of one ending, or of all
// that the state has. It returns nil when there is no such state or it has no such ending.
func statePrefixes(s dsr.State, e dsr.Ending) (out []string) {
	if !slices.Contains(dsr.States(), s) {
		return nil
	}
	if !s.Final() && e == "" {
		return []string{layout.StatePrefix(s, "")}
	}
	for _, known := range dsr.Endings() {
		if s.Final() && (e == "" || e == known) {
			out = append(out, layout.StatePrefix(s, known))
		}
	}
	return out
}

func allSegments(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !layout.ValidSegment(id) })
}

// mac authenticates a position in this list: of its tenants, filters and order.
func (l *list) mac(position string) []byte {
	due := ""
	if !l.q.DueBefore.IsZero() {
		due = layout.Millis(l.q.DueBefore)
	}
	return pii.MAC(l.s.o.CursorKey, "cursor", strings.Join(l.q.Tenants, ","), string(l.q.State), string(l.q.Ending), due, position)[:16]
}

// cursor names a position in the order, but no partition.
func (l *list) cursor(last string) string {
	return base64.RawURLEncoding.EncodeToString(append(l.mac(last), last...))
}

func (l *list) resume(cursor string) error {
	if cursor == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) <= 16 || len(b) > 300 {
		return ErrCursor
	}
	last := string(b[16:])
	if !hmac.Equal(b[:16], l.mac(last)) {
		return ErrCursor
	}
	l.after = last
	return nil
}

// listRow is a row with the tenant of its partition, and with what follows the prefix of its list.
type listRow struct {
	*row.Row
	tenant, rank string
}

// keys returns the least row key that may follow in a place, and the least one beyond it.
func (l *list) keys(p place) (from, below string) {
	from, below = p.prefix, p.prefix[:len(p.prefix)-1]+"}"
	if l.after != "" {
		from += l.after + "!" // sorts before any character of a key
	}
	if l.below != "" {
		below = p.prefix + l.below
	}
	return from, below
}

func (r listRow) id() string { return r.Key[strings.LastIndexByte(r.Key, '|')+1:] }

// rows merges the next rows of all places. More says that further rows follow.
func (l *list) rows(ctx context.Context, want int) (out []listRow, more bool, err error) {
	places := l.places()
	parts := make([][]listRow, len(places))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(l.s.o.Parallel)
	for i, p := range places {
		g.Go(func() error {
			from, below := l.keys(p)
			rows, err := l.s.o.Lists.Range(gctx, layout.ShardPartition(p.tenant, p.shard), from, below, want+1)
			for _, r := range rows {
				parts[i] = append(parts[i], listRow{r, p.tenant, r.Key[len(p.prefix):]})
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, err
	}
	out = slices.Concat(parts...)
	slices.SortFunc(out, func(a, b listRow) int {
		return strings.Compare(a.rank, b.rank)
	})
	// Two rows of one rank are of one request, and one of them is outdated. They stay together.
	for want < len(out) && out[want].rank == out[want-1].rank {
		want++
	}
	if len(out) <= want {
		return out, false, nil
	}
	return out[:want], true, nil
}

// heads reads the requests of rows in parallel. It leaves out rows that their heads do not name.
func (l *list) heads(ctx context.Context, rows []listRow) ([]*dsr.Request, error) {
	found := make([]*dsr.Request, len(rows))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(l.s.o.Parallel)
	for i, r := range rows {
		g.Go(func() error {
			head, err := l.s.o.Heads.Request(gctx, r.tenant, r.id())
			switch {
			case errors.Is(err, failure.ErrNotFound):
				l.tidy(gctx, r)
				return nil
			case err != nil:
				return fmt.Errorf("store: list: %w", err)
			case r.Partition != layout.ShardPartition(r.tenant, head.Shard), !slices.Contains(layout.ListRows(head.Request), r.Key):
				l.tidy(gctx, r)
				return nil
			}
			if l.q.State == dsr.StateNone || head.Request.State == l.q.State {
				found[i] = head.Request // another state may share the rows
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(r *dsr.Request) bool { return r == nil }), nil
}

// tidy deletes a row that its head does not name once the row is an hour old. Such rows are left
// by commits that were never done or that died before they cleaned up. Failures are ignored. A
// row that is written again meanwhile has another ETag and stays.
func (l *list) tidy(ctx context.Context, r listRow) {
	if l.s.orphaned(r.Row) {
		_ = row.Drop(ctx, l.s.o.Lists, r.Row)
	}
}
