package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// Clock shows the real time plus what a test has advanced it by.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
}

// Now returns the time on the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// World is the store of one test on the shared Azurite, with everything that the test may change.
type World struct {
	Store   *store.Store
	Clients account.Clients // the clients of Store, with faults and counter
	Faults  *Faults
	Counter *Counter
	Clock   *Clock // wall clock
	Prefix  string
	Wrapper seal.Wrapper
	IDKey   []byte
	// CursorKey is the key of the next store that is opened.
	CursorKey []byte

	connection string
	log        *slog.Logger
}

// New opens a store with fresh tables, containers and queues.
func New(t testing.TB) *World {
	t.Helper()
	prefix := azurite.Prefix(t)
	wrapper, err := seal.NewFileKey(pii.Key{Version: 1, Key: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	shared := azurite.Shared(t)
	w := &World{
		Faults: NewFaults(shared.Endpoints, prefix), Counter: NewCounter(shared.Endpoints, prefix), Clock: &Clock{}, Prefix: prefix, Wrapper: wrapper,
		IDKey: bytes.Repeat([]byte{9}, 32), CursorKey: bytes.Repeat([]byte{8}, 32), connection: shared.ConnectionString, log: slog.New(slog.DiscardHandler),
	}
	o := account.ClientOptions(nil, w.Counter, w.Faults)
	o.Retry.RetryDelay, o.Retry.MaxRetryDelay = time.Millisecond, 2*time.Millisecond
	w.Clients, err = account.ConnectString(w.connection, o)
	require.NoError(t, err)
	w.Store = w.open(t, w.Clients)
	require.NoError(t, w.Store.Init(context.Background()))
	w.Counter.Reset()
	return w
}

// Open opens a store on the shared Azurite for one test.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return New(t).Store
}

// Another opens a second store on the same tables, containers and queues, as another process
// would. It meets no faults and is not counted.
func (w *World) Another(t testing.TB) *store.Store {
	t.Helper()
	clients, err := account.ConnectString(w.connection, account.ClientOptions(nil))
	require.NoError(t, err)
	return w.open(t, clients)
}

func (w *World) open(t testing.TB, c account.Clients) *store.Store {
	t.Helper()
	clocks := clock.Clocks{Wall: w.Clock.Now}
	in, err := c.Services(account.ServicesOptions{Prefix: w.Prefix, Clocks: clocks})
	require.NoError(t, err)
	s, err := store.Open(store.Options{
		Tables: in.Tables, Blobs: in.Blobs, Queues: in.Queues, Wrapper: w.Wrapper, IDKey: w.IDKey, CursorKey: w.CursorKey,
		Clocks: clocks, Log: w.log,
	})
	require.NoError(t, err)
	return s
}

// Rows returns all rows of a table as the service sends them. Tests look there for what must not be
// stored.
func (w *World) Rows(t testing.TB, table string) [][]byte {
	t.Helper()
	var out [][]byte
	for pager := w.Clients.Tables.NewClient(w.Prefix + table).NewListEntitiesPager(nil); pager.More(); {
		page, err := pager.NextPage(context.Background())
		require.NoError(t, err)
		out = append(out, page.Entities...)
	}
	return out
}

// CaseKeys returns how many keys of cases are stored. Hour keys do not count.
func (w *World) CaseKeys(t testing.TB) int {
	t.Helper()
	n := 0
	for _, raw := range w.Rows(t, layout.TableKeys) {
		var r struct{ RowKey string }
		require.NoError(t, json.Unmarshal(raw, &r))
		if _, ok := layout.HourOf(r.RowKey); ok {
			n++
		}
	}
	return n
}
