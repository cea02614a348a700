package store

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Options is what Open needs.
type Options struct {
	Tables  row.Tables
	Blobs   *blob.Store
	Queues  *queue.Queues
	Wrapper seal.Wrapper
	IDKey   []byte // makes the ids of requests and imports; at least 32 bytes, never rotated
	// CursorKey authenticates the cursors of lists and has at least 32 bytes. When it changes, a
	// list that is being read must be read from its beginning.
	CursorKey []byte
	// The wall clock tells the end of leases, the age of orphans and the hour of keys.
	Clocks clock.Clocks
	// Random is the source of ids, keys and nonces, and is safe for concurrent use. When nil, it is
	// crypto/rand.
	Random io.Reader
	// Parallel is the most calls that one operation has in flight; 0 means 16. With 1 the calls
	// follow one another, always in the same order.
	Parallel int
	Log      *slog.Logger // when nil, slog.Default()
}

// defaultParallel is the most calls that one operation has in flight unless Options say otherwise.
const defaultParallel = 16

// Open checks the options and returns a store. It makes no call.
func Open(o Options) (*Store, error) {
	switch {
	case o.Tables == nil || o.Blobs == nil || o.Queues == nil:
		return nil, errors.New("store: tables, blobs and queues are needed")
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
		idKey: o.IDKey, wall: o.Clocks.Wall, log: o.Log,
	}
	s.requests, s.lists, s.keys = o.Tables.Table(layout.TableRequests), o.Tables.Table(layout.TableLists), o.Tables.Table(layout.TableKeys)
	var err error
	if s.sealing, err = seal.New(seal.Options{Table: s.keys, Wrapper: o.Wrapper, Random: o.Random, Clocks: o.Clocks}); err != nil {
		return nil, err
	}
	s.Lists, err = lists.New(lists.Options{
		Lists: s.lists, Keys: s.keys, Heads: heads{s}, CursorKey: o.CursorKey, Clocks: o.Clocks, Parallel: s.parallel,
	})
	if err != nil {
		return nil, err
	}
	s.leases = lease.Leases{Table: s.requests, Clocks: o.Clocks, RenewEvery: lease.RenewEvery}
	s.Imports, err = imports.New(imports.Options{Requests: s.requests, Lists: s.lists, Shards: s.Lists, Leases: s.leases, IDKey: o.IDKey, Random: o.Random})
	return s, err
}
