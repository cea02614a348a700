package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/tenant"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/functionhost"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// The published keys of the local world.
const (
	contosoKey  = "local-dev-key"
	readerKey   = "local-dev-key-readonly"
	fabrikamKey = "local-dev-key-2"
)

// world is the whole system in one process: real storage under a prefix of its own, the
// simulated tenant, and the handler as the Functions host calls it.
type world struct {
	t         *testing.T
	app       *app.App
	host      *httptest.Server
	tenant    *tenant.Server
	sim       *httptest.Server
	graph     *gate
	tap       *tap
	wall      *storetest.Clock
	business  func() time.Time
	clients   account.Clients // the test's own, which the tap does not see
	prefix    string
	settings  config.Settings
	log       *slog.Logger
	lines     *lines // of the app
	catalogue connector.Catalogue
	simLines  *lines // of the simulated tenant
}

// options of a world.
type options struct {
	document string          // YAML; "": that of the local world
	clocks   *clock.Clocks   // nil: wall time, and a business clock that the simulated tenant moves
	policies []policy.Policy // of storage clients
	// catalogue replaces the real one, and services are simulators beside those of the local world.
	catalogue connector.Catalogue
	services  map[string]http.Handler
}

func newWorld(t *testing.T, o options) *world {
	t.Helper()
	w := &world{t: t, wall: &storetest.Clock{}, lines: &lines{}, simLines: &lines{}, prefix: azurite.Prefix(t)}
	shared := azurite.Shared(t)
	w.tap = newTap(shared.Endpoints)
	debug := &slog.HandlerOptions{Level: slog.LevelDebug}
	var err error
	w.tenant, err = tenant.New(tenant.Options{Wall: time.Now, PageSize: 5, Log: slog.New(slog.NewJSONHandler(w.simLines, debug))})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", w.tenant)
	for name, service := range o.services {
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, service))
	}
	w.sim = httptest.NewServer(mux)
	t.Cleanup(w.sim.Close)
	w.graph = &gate{next: &http.Transport{}, host: strings.TrimPrefix(w.sim.URL, "http://")}
	w.clients, err = account.ConnectString(shared.ConnectionString, account.ClientOptions(nil))
	require.NoError(t, err)

	settings, err := config.Load(func(name string) string {
		return map[string]string{
			"AzureWebJobsStorage": shared.ConnectionString, "RIGHTSDESK_KEYS": filepath.Join(t.TempDir(), "keys.json"), "RIGHTSDESK_GRAPH": w.sim.URL,
		}[name]
	})
	require.NoError(t, err)
	clocks, err := app.LocalClocks(t.Context(), w.sim.URL+"/clock")
	require.NoError(t, err)
	clocks.Wall = w.wall.Now
	if o.clocks != nil {
		clocks = *o.clocks
	}
	w.business, w.settings = clocks.Business, settings
	w.log = telemetry.NewLog(w.lines, slog.LevelDebug)
	if o.catalogue == nil {
		o.catalogue = catalog.Entries()
	}
	w.catalogue = o.catalogue
	w.app, err = app.New(t.Context(), settings, w.document(o.document, o.catalogue), app.Options{
		Catalogue: o.catalogue, Clocks: clocks, Log: w.log, Prefix: w.prefix, Transport: w.graph, Patience: time.Millisecond, Policies: append(o.policies, w.tap),
	})
	require.NoError(t, err)
	handler, err := functionhost.Handler(w.app.Program(), w.log)
	require.NoError(w.t, err)
	w.host = httptest.NewServer(handler)
	t.Cleanup(w.host.Close)
	return w
}

// document parses a YAML document; "" is that of the local world.
func (w *world) document(text string, c connector.Catalogue) *config.Document {
	w.t.Helper()
	if text == "" {
		b, err := os.ReadFile("../../infra/local/rightsdesk.yaml")
		require.NoError(w.t, err)
		text = string(b)
	}
	doc, err := config.Parse([]byte(text), config.Deployment{Catalogue: c, Local: true})
	require.NoError(w.t, err)
	return doc
}

// advance moves the business clock of the whole world, as README does.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	res, err := http.Post(w.sim.URL+"/clock", "application/json", strings.NewReader(`{"advance":"`+d.String()+`"}`))
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	require.Equal(w.t, http.StatusOK, res.StatusCode)
	want := w.tenant.Clock().Now()
	require.Eventually(w.t, func() bool { return !w.business().Before(want) }, 5*time.Second, 10*time.Millisecond)
}

func (w *world) directory() *entrasim.Directory {
	return w.tenant.System("entra").(*entrasim.Directory)
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) into(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.body), v), r.body)
}

// call makes one call of the HTTP interface. Headers are "Name: value". A body other than a
// string is sent as JSON.
func (w *world) call(method, path, key string, body any, headers ...string) reply {
	w.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		require.NoError(w.t, err)
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, w.host.URL+path, in)
	require.NoError(w.t, err)
	req.Header.Set("X-Api-Key", key)
	req.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	r := reply{res.StatusCode, res.Header, string(b)}
	w.tap.answer(method, path, r)
	return r
}

// must makes a call and checks its status.
func (w *world) must(status int, method, path, key string, body any, headers ...string) reply {
	w.t.Helper()
	r := w.call(method, path, key, body, headers...)
	require.Equal(w.t, status, r.status, "%s %s: %s", method, path, r.body)
	return r
}

// request is a request as the HTTP interface shows it.
type request struct {
	ID, State string
	Systems   []string
	Tasks     []task
	Package   *struct {
		State  string
		Bytes  int64
		SHA256 string
	}
	Destination string
}

type task struct {
	ID, System, State, Outcome, Reason, Link string
	Records                                  int64
}

func (r request) task(id string) task {
	for _, t := range r.Tasks {
		if t.ID == id {
			return t
		}
	}
	return task{}
}

// submit makes a request in a tenant and returns its id.
func (w *world) submit(key, idempotencyKey string, body map[string]any) string {
	w.t.Helper()
	var r request
	w.must(http.StatusAccepted, "POST", "/api/requests", key, body, "Idempotency-Key: "+idempotencyKey).into(w.t, &r)
	require.NotEmpty(w.t, r.ID)
	return r.ID
}

// asked is a body for POST /api/requests.
func asked(tenant string, subject map[string]any, actions ...string) map[string]any {
	return map[string]any{"tenant": tenant, "actions": actions, "regime": "gdpr", "subject": subject}
}

func (w *world) get(key, id string) request {
	w.t.Helper()
	var r request
	w.must(http.StatusOK, "GET", "/api/requests/"+id, key, nil).into(w.t, &r)
	return r
}

// link is the answer of GET …/package.
type link struct {
	URL, SHA256 string
	Bytes       int64
}

func (w *world) link(key, id string) link {
	w.t.Helper()
	var l link
	w.must(http.StatusOK, "GET", "/api/requests/"+id+"/package", key, nil).into(w.t, &l)
	return l
}

// fetch reads a URL as a browser does.
func (w *world) fetch(url string) (int, []byte) {
	w.t.Helper()
	res, err := http.Get(url) //nolint:noctx // of a test
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return res.StatusCode, b
}

// lines is a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// with returns the lines that hold all of the texts.
func (l *lines) with(texts ...string) []string {
	var out []string
next:
	for line := range strings.Lines(l.String()) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue next
			}
		}
		out = append(out, line)
	}
	return out
}
