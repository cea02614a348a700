package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Options is what a store is made from.
type Options struct {
	Tables  row.Tables
	Blobs   *blob.Store
	Queues  *queue.Queues
	Wrapper KeyWrapper
	IDKey   []byte // of request ids and bulk ids; at least 32 bytes; never rotated
	// CursorKey authenticates the cursors of lists; at least 32 bytes. When it changes, a list that is being read begins anew.
	CursorKey []byte
	Clocks    clock.Clocks // the wall clock: leases, the age of orphans
	Log       *slog.Logger // nil: slog.Default()
}

// Lease is how long a claim lasts unless it is renewed: shorter than the 30 s after which a message comes back.
const Lease = 20 * time.Second

// renewEvery is how often Keep renews: two renewals may fail before a lease is over.
const renewEvery = 7 * time.Second

// Shards is how many partitions of lists, and of keys, a tenant has.
const Shards = layout.Shards

// parallel is how many storage calls one operation has in flight at most.
const parallel = 16

// Store keeps everything that Rightsdesk keeps. It is safe for concurrent use.
type Store struct {
	Blobs  *blob.Store
	Queues *queue.Queues

	requests, lists, keys row.Table

	tables  row.Tables
	wrapper KeyWrapper
	idKey   []byte
	curKey  []byte
	wall    func() time.Time
	log     *slog.Logger

	renewEvery time.Duration
}

// Open checks the options. It makes no call.
func Open(o Options) (*Store, error) {
	switch {
	case o.Tables == nil || o.Blobs == nil || o.Queues == nil:
		return nil, errors.New("store: tables, blobs and queues are needed")
	case o.Wrapper == nil:
		return nil, errors.New("store: a key wrapper is needed")
	case len(o.IDKey) < 32:
		return nil, fmt.Errorf("store: the id key has %d bytes, at least 32 are needed", len(o.IDKey))
	case len(o.CursorKey) < 32:
		return nil, fmt.Errorf("store: the cursor key has %d bytes, at least 32 are needed", len(o.CursorKey))
	case o.Clocks.Wall == nil:
		return nil, errors.New("store: the wall clock is needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Store{
		Blobs: o.Blobs, Queues: o.Queues, tables: o.Tables, wrapper: o.Wrapper,
		idKey: o.IDKey, curKey: o.CursorKey, wall: o.Clocks.Wall, log: o.Log, renewEvery: renewEvery,
	}
	s.requests, s.lists, s.keys = o.Tables.Table(layout.TableRequests), o.Tables.Table(layout.TableLists), o.Tables.Table(layout.TableKeys)
	return s, nil
}

// Init creates the tables, containers and queues that do not exist yet.
func (s *Store) Init(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range []string{layout.TableRequests, layout.TableLists, layout.TableKeys} {
		g.Go(func() error { return s.tables.Create(ctx, name) })
	}
	g.Go(func() error { return s.Blobs.Init(ctx) })
	g.Go(func() error { return s.Queues.Init(ctx) })
	return g.Wait()
}

// newID returns 128 random bits as 32 lower-case hex digits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}
