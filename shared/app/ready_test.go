package app

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// openApp is an app with a store and nothing else.
func openApp(t *testing.T, connection, prefix string) *App {
	t.Helper()
	c, err := store.Connect(connection, store.ClientOptions(nil))
	require.NoError(t, err)
	wrapper, err := store.NewFileKey(store.VaultKey{Version: 1, Key: bytes.Repeat([]byte{1}, 32)})
	require.NoError(t, err)
	st, err := store.Open(store.Options{
		Tables: c.Tables, Blobs: c.Blobs, Queues: c.Queues, Prefix: prefix, Wrapper: wrapper, IDKey: bytes.Repeat([]byte{2}, 32), CursorKey: bytes.Repeat([]byte{3}, 32), Wall: time.Now,
	})
	require.NoError(t, err)
	return &App{Store: st, log: slog.New(slog.DiscardHandler)}
}

func TestOnlyTheFirstStartWaitsForTheStorage(t *testing.T) {
	t.Parallel()
	a := openApp(t, azurite.Shared(t).ConnectionString, azurite.Prefix(t))
	ready, err := a.setUp(t.Context())
	require.NoError(t, err)
	select {
	case <-ready:
	default:
		require.Fail(t, "the first start does not wait")
	}
	require.False(t, a.firstStart(t.Context()))
	ready, err = a.setUp(t.Context())
	require.NoError(t, err)
	<-ready
}

func TestAStartDoesNotWaitForStorageThatIsAway(t *testing.T) {
	t.Parallel()
	nobody := httptest.NewServer(nil)
	nobody.Close()
	a := openApp(t, "AccountName="+azurite.AccountName+";AccountKey="+azurite.AccountKey+
		";BlobEndpoint="+nobody.URL+"/x;QueueEndpoint="+nobody.URL+"/x;TableEndpoint="+nobody.URL+"/x", "")
	began := time.Now()
	ready, err := a.setUp(t.Context())
	require.NoError(t, err)
	require.Less(t, time.Since(began), 5*time.Second)
	select {
	case <-ready:
		require.Fail(t, "nothing is there")
	default:
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
