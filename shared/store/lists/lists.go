// Package lists finds requests and imports by the rows that lead to them: lists, wakes and tenants.
package lists

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

var (
	// ErrFilter says that no kind of list row answers a filter.
	ErrFilter = errors.New("store: no list serves this filter")
	// ErrCursor says that a cursor was not made for this list.
	ErrCursor = errors.New("store: not a cursor of this list")
)

// Heads reads the heads that rows lead to. A row that its head does not name is ignored.
type Heads interface {
	// Request returns what the head of a request names, or failure.ErrNotFound.
	Request(ctx context.Context, tenant, id string) (Head, error)
	// Import returns what an import names, or failure.ErrNotFound.
	Import(ctx context.Context, tenant, id string) (Head, error)
}

// Head is what the head of a request or an import names.
type Head struct {
	Request *dsr.Request // nil for an import
	Shard   int
	KeyID   string // id of the case's key
	Wakes   map[retention.WakeKind]time.Time
}

// rows returns the keys of the list rows and wakes that the head of a request names.
func (h Head) rows(id string) []string {
	if h.Request == nil {
		return nil
	}
	out := layout.ListRows(h.Request)
	for k, at := range h.Wakes {
		out = append(out, layout.RowWake(k, at, id))
	}
	return out
}

// Options is what New needs.
type Options struct {
	Lists, Keys row.Table
	Heads       Heads
	// CursorKey authenticates the cursors of lists and has at least 32 bytes. When it changes, a
	// list that is being read must be read from its beginning.
	CursorKey []byte
	Clocks    clock.Clocks // the wall clock tells the age of rows that no head names
	Parallel  int          // the most calls that one operation has in flight
}

// Lists reads lists, wakes and tenants. It is safe for concurrent use.
type Lists struct {
	o       Options
	writers writers
}

// New refuses missing parts. It makes no call.
func New(o Options) (*Lists, error) {
	switch {
	case o.Lists == nil || o.Keys == nil || o.Heads == nil || o.Parallel < 1:
		return nil, errors.New("store: lists need tables, heads and the number of parallel calls")
	case len(o.CursorKey) < 32:
		return nil, fmt.Errorf("store: the cursor key has %d bytes, at least 32 are needed", len(o.CursorKey))
	case o.Clocks.Wall == nil:
		return nil, errors.New("store: the wall clock is needed")
	}
	return &Lists{o: o}, nil
}
