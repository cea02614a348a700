package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/purge"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// openApp is an app with a store and no other part.
func openApp(t *testing.T, connection, prefix string) *App {
	t.Helper()
	c, err := account.ConnectString(connection, account.ClientOptions(nil))
	require.NoError(t, err)
	wrapper, err := seal.NewFileKey(pii.Key{Version: 1, Key: bytes.Repeat([]byte{1}, 32)})
	require.NoError(t, err)
	in, err := c.Services(account.ServicesOptions{Prefix: prefix, Clocks: RealClocks()})
	require.NoError(t, err)
	st, err := store.Open(store.Options{
		Tables: in.Tables, Blobs: in.Blobs, Queues: in.Queues, Wrapper: wrapper, Clocks: RealClocks(),
		IDKey: bytes.Repeat([]byte{2}, 32), CursorKey: bytes.Repeat([]byte{3}, 32),
	})
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	sweeper, err := due.New(due.Options{Store: st, Clocks: RealClocks(), Log: log, Tenants: tenant.Tenants{{ID: "a-tenant"}}})
	require.NoError(t, err)
	step, err := purge.New(sweeper)
	require.NoError(t, err)
	return &App{Store: st, pipeline: &pipeline.Pipeline{Purge: step}, log: log}
}

func TestAStartSetsTheStorageUp(t *testing.T) {
	t.Parallel()
	a := openApp(t, azurite.Shared(t).ConnectionString, azurite.Prefix(t))
	for range 2 { // the first start and a later one
		select {
		case <-a.setUp(t.Context()):
		case <-time.After(time.Minute):
			require.Fail(t, "the storage is not set up")
		}
		_, err := a.Store.Queues.Length(t.Context(), queue.Bulk)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			known, err := a.Store.Lists.Tenants(t.Context())
			return err == nil && slices.Equal(known, []lists.Tenant{{ID: "a-tenant", Shards: 1}})
		}, time.Minute, 10*time.Millisecond)
	}
}

// silent is a storage account as before the very first start. It never answers a call that
// would make something.
func silent(t *testing.T) string {
	t.Helper()
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(end) })
	return atOneAddress(s.URL)
}

func atOneAddress(url string) string {
	return "AccountName=" + azurite.AccountName + ";AccountKey=" + azurite.AccountKey +
		";BlobEndpoint=" + url + "/x;QueueEndpoint=" + url + "/x;TableEndpoint=" + url + "/x"
}

// TestTheHandlerListensWhateverTheStorageDoes: the host asks for liveness at once, and it
// starts a handler that ends at most three times.
func TestTheHandlerListensWhateverTheStorageDoes(t *testing.T) {
	t.Parallel()
	stopped := httptest.NewServer(nil)
	stopped.Close()
	for name, connection := range map[string]string{"no answer": silent(t), "nothing listens": atOneAddress(stopped.URL)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			require.NoError(t, err)
			_, port, err := net.SplitHostPort(l.Addr().String())
			require.NoError(t, err)
			require.NoError(t, l.Close())
			env := map[string]string{
				"AzureWebJobsStorage": connection, "RIGHTSDESK_CONFIG": "../../infra/local/rightsdesk.yaml",
				"RIGHTSDESK_KEYS": filepath.Join(t.TempDir(), "keys.json"),
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- Serve(ctx, port, func(name string) string { return env[name] }, io.Discard) }()
			require.Eventually(t, func() bool {
				res, err := http.Get("http://127.0.0.1:" + port + "/api/health") //nolint:noctx // of a test
				if err != nil {
					return false
				}
				defer func() { _ = res.Body.Close() }()
				return res.StatusCode == http.StatusOK
			}, 10*time.Second, 10*time.Millisecond)
			select {
			case err := <-ended:
				require.Fail(t, "the handler ended", "%v", err)
			default:
			}
			cancel()
			require.Error(t, <-ended, "it never ends well: the host would not start it again")
		})
	}
}

func TestCallsWaitForTheStorage(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	close(done)
	for name, c := range map[string]struct {
		path   string
		ready  <-chan struct{}
		status int
	}{
		"set up":                     {"/api/requests", done, http.StatusOK},
		"liveness never waits":       {"/api/health", make(chan struct{}), http.StatusOK},
		"the host's ping":            {"/", make(chan struct{}), http.StatusOK},
		"a request, not set up":      {"/api/requests", make(chan struct{}), http.StatusServiceUnavailable},
		"a job, not set up":          {"/work", make(chan struct{}), http.StatusServiceUnavailable},
		"another spelling of health": {"/api//health", make(chan struct{}), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := whenReady(c.ready, time.Millisecond, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, c.path, nil))
			require.Equal(t, c.status, rec.Code)
			if c.status == http.StatusServiceUnavailable {
				require.Equal(t, "2", rec.Header().Get("Retry-After"))
				require.JSONEq(t, `{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable","detail":"the storage does not answer"}`,
					rec.Body.String())
			}
		})
	}
}

func TestACallGoesOnWhenTheStorageIsThere(t *testing.T) {
	t.Parallel()
	ready, waiting := make(chan struct{}), make(chan struct{})
	h := whenReady(ready, time.Minute, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	rec := httptest.NewRecorder()
	go func() { defer close(waiting); h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/work", nil)) }()
	close(ready)
	<-waiting
	require.Equal(t, http.StatusOK, rec.Code)
}
