package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Options is what a store is made from.
type Options struct {
	Tables  row.Tables
	Blobs   *blob.Store
	Queues  *queue.Queues
	Wrapper seal.Wrapper
	IDKey   []byte // of request ids and bulk ids; at least 32 bytes; never rotated
	// CursorKey authenticates the cursors of lists; at least 32 bytes. When it changes, a list
	// that is being read begins anew.
	CursorKey []byte
	Clocks    clock.Clocks // the wall clock: leases, the age of orphans
	// Random gives ids, keys and nonces, and is safe for concurrent use; nil: crypto/rand.
	Random io.Reader
	// Parallel is how many calls one operation has in flight at most; 0: 16. With 1 they come one after
	// the other, always in the same order.
	Parallel int
	Log      *slog.Logger // nil: slog.Default()
}

// Lease is how long a claim lasts unless it is renewed: shorter than the 30 s after which a
// message comes back.
const Lease = 20 * time.Second

// renewEvery is how often Keep renews: two renewals may fail before a lease is over.
const renewEvery = 7 * time.Second

// Shards is how many partitions of lists, and of keys, a tenant has.
const Shards = layout.Shards

// defaultParallel is how many calls one operation has in flight.
const defaultParallel = 16

// Store keeps everything that Rightsdesk keeps. It is safe for concurrent use.
type Store struct {
	Blobs  *blob.Store
	Queues *queue.Queues
	Lists  *lists.Lists

	requests, lists, keys row.Table

	tables  row.Tables
	sealing seal.Keys
	idKey   []byte
	wall    func() time.Time
	log     *slog.Logger
	random  io.Reader

	parallel   int
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
	case o.Clocks.Wall == nil:
		return nil, errors.New("store: the wall clock is needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	s := &Store{
		Blobs: o.Blobs, Queues: o.Queues, tables: o.Tables, parallel: cmp.Or(o.Parallel, defaultParallel), random: o.Random,
		idKey: o.IDKey, wall: o.Clocks.Wall, log: o.Log, renewEvery: renewEvery,
	}
	s.requests, s.lists, s.keys = o.Tables.Table(layout.TableRequests), o.Tables.Table(layout.TableLists), o.Tables.Table(layout.TableKeys)
	s.sealing = seal.Keys{Table: s.keys, Wrapper: o.Wrapper, Random: o.Random}
	var err error
	s.Lists, err = lists.New(lists.Options{
		Lists: s.lists, Keys: s.keys, Heads: heads{s}, CursorKey: o.CursorKey, Clocks: o.Clocks, Parallel: s.parallel,
	})
	return s, err
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
func (s *Store) newID() string {
	var b [16]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		panic("store: no random numbers: " + err.Error()) // crypto/rand never fails
	}
	return hex.EncodeToString(b[:])
}
