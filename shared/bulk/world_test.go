package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// wire is a transport that passes calls on until it is cut.
type wire struct {
	next  *http.Client
	left  atomic.Int64 // calls until it is cut; negative: never
	done  bool         // the last call is still done, and its answer is lost
	calls atomic.Int64

	refuse func(*http.Request) bool // nil: none
	forbid func(*http.Request) bool // is answered with 403; nil: none
}

var errCut = errors.New("the wire is cut")

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.calls.Add(1)
	if w.refuse != nil && w.refuse(r) {
		return nil, errCut
	}
	if w.forbid != nil && w.forbid(r) {
		return &http.Response{
			StatusCode: http.StatusForbidden, Status: "403 Forbidden", Header: http.Header{"X-Ms-Error-Code": {"AuthorizationFailure"}},
			Body: http.NoBody, Request: r,
		}, nil
	}
	if w.left.Load() < 0 {
		return w.next.Do(r)
	}
	switch left := w.left.Add(-1); {
	case left > 0:
		return w.next.Do(r)
	case left == 0 && w.done:
		res, err := w.next.Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
	}
	w.left.Store(0) // and stays cut
	return nil, errCut
}

func newWire(left int64, done bool) *wire {
	w := &wire{next: &http.Client{Transport: account.Transport()}, done: done}
	w.left.Store(left)
	return w
}

// world is storage with names of its own, and a clock.
type world struct {
	t       *testing.T
	conn    string
	prefix  string
	ahead   atomic.Int64 // of the machine's clock, in nanoseconds
	clients account.Clients
	st      *store.Store
	mu      sync.Mutex
	log     bytes.Buffer
	counts  map[string]int64
	ignored []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, conn: azurite.Shared(t).ConnectionString, prefix: azurite.Prefix(t), counts: map[string]int64{}}
	w.st, w.clients = w.open(newWire(-1, false), true)
	require.NoError(t, w.st.Init(t.Context()))
	return w
}

func (w *world) wall() time.Time { return time.Now().UTC().Add(time.Duration(w.ahead.Load())) }

// later moves the clock past the end of every lease.
func (w *world) later() { w.ahead.Add(int64(lease.Length + time.Second)) }

func (w *world) open(wire *wire, retry bool) (*store.Store, account.Clients) {
	w.t.Helper()
	o := account.ClientOptions(wire)
	if !retry {
		o.Retry.MaxRetries = -1
	}
	c, err := account.ConnectString(w.conn, o)
	require.NoError(w.t, err)
	key, err := seal.NewFileKey(pii.Key{Version: 1, Key: bytes.Repeat([]byte{7}, 32)})
	require.NoError(w.t, err)
	clocks := clock.Clocks{Wall: w.wall, Business: w.wall}
	in, err := c.Services(account.ServicesOptions{Prefix: w.prefix, Clocks: clocks})
	require.NoError(w.t, err)
	st, err := store.Open(store.Options{
		Tables: in.Tables, Blobs: in.Blobs, Queues: in.Queues, Wrapper: key,
		IDKey: bytes.Repeat([]byte{9}, 32), CursorKey: bytes.Repeat([]byte{8}, 32), Clocks: clocks, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(w.t, err)
	return st, c
}

// Write takes log lines.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// Count implements Counter.
func (w *world) Count(_ context.Context, name string, n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name] += n
}

// Ignored implements Counter.
func (w *world) Ignored(_ context.Context, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ignored = append(w.ignored, reason)
}

// service returns a service with chunks of three lines.
func (w *world) service(st *store.Store, tenants ...string) *Service {
	w.t.Helper()
	s, err := New(Options{
		Store: st, Intake: w.takeIn(st, tenants...), Key: bytes.Repeat([]byte{5}, 32), Clocks: clock.Clocks{Wall: w.wall, Business: w.wall},
		QueueCaller: auth.Caller{ID: "bulk-queue", Name: "bulk-queue", Tenants: tenants, Rights: []auth.Right{auth.Bulk}},
		Log:         slog.New(slog.NewTextHandler(w, nil)), Counter: w,
	})
	require.NoError(w.t, err)
	s.lines = 3
	return s
}

// takeIn returns the intake of a deployment with these tenants.
func (w *world) takeIn(st *store.Store, tenants ...string) *intake.Service {
	w.t.Helper()
	var known tenant.Tenants
	for _, id := range tenants {
		known = append(known, tenant.Tenant{ID: id, Name: "Contoso", Systems: []tenant.Instance{tenant.Plain("entra")}, Actions: []dsr.Action{dsr.Export}})
	}
	tokens, err := pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{3}, 32)})
	require.NoError(w.t, err)
	runner, err := task.New(task.Options{
		Store: st, Clocks: clock.Same(w.wall), Log: slog.New(slog.DiscardHandler), Counter: telemetry.Counter{},
	})
	require.NoError(w.t, err)
	s, err := intake.New(intake.Options{
		Runner: runner, Tenants: known, Catalogue: connector.Catalogue{{Descriptor: connector.Descriptor{System: "entra"}}}, Tokens: tokens,
	})
	require.NoError(w.t, err)
	return s
}

func newTenant() string { return uuid.NewString() }

func (w *world) receive(s *Service, tenant, ref, format, text string) *imports.Case {
	w.t.Helper()
	b, existing, err := s.Receive(w.t.Context(), Upload{
		Caller: auth.Caller{ID: "tester", Name: "tester"}, Tenant: tenant, Reference: ref, Format: format, Body: strings.NewReader(text),
	})
	require.NoError(w.t, err)
	require.False(w.t, existing)
	return b
}

// end runs the import until it has ended.
func (w *world) end(s *Service, tenant, id string) *imports.Case {
	w.t.Helper()
	for range 50 {
		require.NoError(w.t, s.Import(w.t.Context(), tenant, id))
		b, err := w.st.Imports.Load(w.t.Context(), tenant, id)
		require.NoError(w.t, err)
		if over(b) {
			return b
		}
	}
	w.t.Fatal("the import does not end")
	return nil
}

func (w *world) results(s *Service, b *imports.Case) []list.Result {
	w.t.Helper()
	r, _, err := s.Results(w.t.Context(), b)
	require.NoError(w.t, err)
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(r)
	require.NoError(w.t, err)
	var out []list.Result
	for l := range strings.Lines(string(text)) {
		var one list.Result
		require.NoError(w.t, json.Unmarshal([]byte(l), &one))
		out = append(out, one)
	}
	return out
}

// requests counts the requests of a tenant.
func (w *world) requests(tenant string) int {
	w.t.Helper()
	n, cursor := 0, ""
	for {
		items, next, err := w.st.Lists.Page(w.t.Context(), lists.Query{Tenants: []string{tenant}, Limit: 100, Cursor: cursor})
		require.NoError(w.t, err)
		n += len(items)
		if cursor = next; cursor == "" {
			return n
		}
	}
}

func (w *world) blobs(container, prefix string) []blob.Info {
	w.t.Helper()
	var out []blob.Info
	for b, err := range w.st.Blobs.List(w.t.Context(), blob.Ref{Container: container, Name: prefix}) {
		require.NoError(w.t, err)
		out = append(out, b)
	}
	return out
}
