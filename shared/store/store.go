package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"golang.org/x/sync/errgroup"
)

// Options is what a store is made from.
type Options struct {
	Tables   *aztables.ServiceClient
	Blobs    *service.Client
	Queues   *azqueue.ServiceClient
	BlobKey  *service.SharedKeyCredential // signs links; nil: a user-delegation key does
	Accounts map[string]*service.Client   // other blob accounts that destinations name, by account URL
	Prefix   string                       // of table, container and queue names, [a-z0-9]*; for tests, "" in production
	Wrapper  KeyWrapper
	IDKey    []byte // of request ids and bulk ids; at least 32 bytes; never rotated
	// CursorKey authenticates the cursors of lists; at least 32 bytes. When it changes, a list that is being read begins anew.
	CursorKey []byte
	Wall      func() time.Time // wall clock: leases, links, the age of orphans
	Log       *slog.Logger     // nil: slog.Default()
}

// Lease is how long a claim lasts unless it is renewed: shorter than the 30 s after which a message comes back.
const Lease = 20 * time.Second

// renewEvery is how often Keep renews: two renewals may fail before a lease is over.
const renewEvery = 7 * time.Second

// orphanAge is how old a row must be, in wall time, before it may be dropped because no head names it: no creation takes that long.
const orphanAge = time.Hour

// parallel is how many storage calls one operation has in flight at most.
const parallel = 16

// Store keeps everything that Rightsdesk keeps. It is safe for concurrent use.
type Store struct {
	requests, lists, keys *aztables.Client

	queues   *azqueue.ServiceClient
	blobs    *service.Client
	blobKey  *service.SharedKeyCredential
	accounts map[string]*service.Client
	tables   *aztables.ServiceClient
	prefix   string
	wrapper  KeyWrapper
	idKey    []byte
	curKey   []byte
	wall     func() time.Time
	log      *slog.Logger

	renewEvery time.Duration

	delegation struct {
		sync.Mutex
		keys map[string]delegationKey // by account URL
	}
}

// Open checks the options. It makes no call.
func Open(o Options) (*Store, error) {
	switch {
	case o.Tables == nil || o.Blobs == nil || o.Queues == nil:
		return nil, errors.New("store: the clients of tables, blobs and queues are needed")
	case o.Wrapper == nil:
		return nil, errors.New("store: a key wrapper is needed")
	case len(o.IDKey) < 32:
		return nil, fmt.Errorf("store: the id key has %d bytes, at least 32 are needed", len(o.IDKey))
	case len(o.CursorKey) < 32:
		return nil, fmt.Errorf("store: the cursor key has %d bytes, at least 32 are needed", len(o.CursorKey))
	case o.Wall == nil:
		return nil, errors.New("store: the wall clock is needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Store{
		tables: o.Tables, blobs: o.Blobs, blobKey: o.BlobKey, queues: o.Queues, accounts: o.Accounts, prefix: o.Prefix, wrapper: o.Wrapper,
		idKey: o.IDKey, curKey: o.CursorKey, wall: o.Wall, log: o.Log, renewEvery: renewEvery,
	}
	s.requests, s.lists, s.keys = o.Tables.NewClient(o.Prefix+tableRequests), o.Tables.NewClient(o.Prefix+tableLists), o.Tables.NewClient(o.Prefix+tableKeys)
	s.delegation.keys = map[string]delegationKey{}
	return s, nil
}

// Init creates the tables, containers and queues that do not exist yet.
func (s *Store) Init(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	there := func(op string, err error) error {
		if isStatus(err, http.StatusConflict) {
			return nil
		}
		return fault(op, err)
	}
	for _, name := range []string{tableRequests, tableLists, tableKeys} {
		g.Go(func() error {
			_, err := s.tables.CreateTable(ctx, s.prefix+name, nil)
			return there("create table "+name, err)
		})
	}
	for _, c := range Containers {
		g.Go(func() error {
			_, err := s.blobs.CreateContainer(ctx, s.prefix+c.Name, nil)
			return there("create container "+c.Name, err)
		})
	}
	for _, name := range Queues() {
		g.Go(func() error {
			_, err := s.queues.CreateQueue(ctx, s.prefix+name, nil)
			return there("create queue "+name, err)
		})
	}
	return g.Wait()
}

// newID returns 128 random bits as 32 lower-case hex digits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}
