package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/httpapi"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const (
	contoso  = "11111111-1111-1111-1111-111111111111"
	fabrikam = "22222222-2222-2222-2222-222222222222"
	unknown  = "00000000-0000-4000-8000-000000000000"
)

// world is the interface over a store of its own.
type world struct {
	*storetest.World
	t      *testing.T
	server *httptest.Server
	runner *task.Runner
	bulk   *bulk.Service
	now    time.Time // business clock
	mu     sync.Mutex
	log    *logBuffer
}

// logBuffer is where the log lines go: no value may ever be among them.
type logBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (w *world) business() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func knownCaller(name string, tenants []string, rights ...auth.Right) auth.Known {
	return auth.Known{Caller: auth.Caller{ID: name, Name: name, Tenants: tenants, Rights: rights}, Key: sha256.Sum256([]byte(name + "-key"))}
}

func tenants() tenant.Tenants {
	how := tenant.Instructions{Instructions: "Ask the archive.", Link: "https://intranet.example"}
	statement := []string{"x"}
	c := tenant.Tenant{
		ID: contoso, Name: "Contoso", Systems: []tenant.Instance{tenant.Plain("entra"), tenant.Plain("logs")}, Actions: []dsr.Action{dsr.Access, dsr.Export},
		Declared:   []tenant.Declared{{Name: "paper", Title: "Paper", Kinds: statement, Actions: map[string]tenant.Instructions{"access": how, "export": how}}},
		Package:    tenant.Package{RetentionDays: 30, Formats: []tenant.Format{tenant.CSV}},
		Statements: tenant.Statements{Purposes: statement},
	}
	f := c
	f.ID, f.Name, f.Declared, f.Systems = fabrikam, "Fabrikam", nil, []tenant.Instance{tenant.Plain("entra")}
	return tenant.Tenants{c, f}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: storetest.New(t), t: t, now: time.Date(2026, 3, 31, 9, 30, 0, 0, time.UTC), log: &logBuffer{}}
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	callers, err := auth.NewCallers([]auth.Known{
		knownCaller("admin", []string{contoso}, auth.Rights()...),
		knownCaller("reader", []string{contoso}, auth.RequestsRead),
		knownCaller("fabrikam", []string{fabrikam}, auth.Rights()...),
		knownCaller("both", []string{contoso, fabrikam}, auth.Rights()...),
		knownCaller("nothing", []string{contoso}),
	})
	require.NoError(t, err)
	tokens, err := pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{3}, 32)})
	require.NoError(t, err)
	known := tenants()
	w.runner, err = task.New(task.Options{
		Store: w.Store, Clocks: clock.Clocks{Business: w.business, Wall: w.Clock.Now}, Log: log, Counter: telemetry.Counter{},
	})
	require.NoError(t, err)
	decisions, err := decide.New(w.runner)
	require.NoError(t, err)
	in, err := intake.New(intake.Options{
		Runner: w.runner, Tenants: known, Tokens: tokens,
		Catalogue: connector.Catalogue{
			{Descriptor: connector.Descriptor{System: "entra", Identifiers: []connector.Identifier{{Kind: "email"}}}},
			{Descriptor: connector.Descriptor{System: "logs", Cannot: map[dsr.Action]string{dsr.Access: "No."}}},
		},
	})
	require.NoError(t, err)
	w.bulk, err = bulk.New(bulk.Options{
		Store: w.Store, Intake: in, Key: bytes.Repeat([]byte{4}, 32), Clocks: clock.Clocks{Wall: w.Clock.Now, Business: w.business}, Log: log,
	})
	require.NoError(t, err)
	api, err := httpapi.New(httpapi.Options{
		Store: w.Store, Tenants: known, Callers: callers, Intake: in, Log: log, Version: "test",
		Clocks: clock.Clocks{Business: w.business, Wall: w.Clock.Now},
		Decide: decisions,
		Bulk:   w.bulk,
	})
	require.NoError(t, err)
	w.server = httptest.NewServer(api)
	t.Cleanup(w.server.Close)
	t.Cleanup(func() {
		w.log.mu.Lock()
		defer w.log.mu.Unlock()
		require.NotContains(t, w.log.String(), "canary", "no value is logged")
		require.NotContains(t, w.log.String(), "-key", "no key is logged")
	})
	return w
}

// reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &m), r.body)
	return m
}

// ask is one call; headers are "Name: value".
func (w *world) ask(method, path, caller, body string, headers ...string) reply {
	w.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	return w.send(method, path, caller, in, headers...)
}

func (w *world) send(method, path, caller string, body io.Reader, headers ...string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, w.server.URL+path, body)
	require.NoError(w.t, err)
	if caller != "" {
		req.Header.Set("X-Api-Key", caller+"-key")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	r := reply{res.StatusCode, res.Header, string(b)}
	w.check(method, path, r)
	return r
}

// check holds every answer to what the contract says of it.
func (w *world) check(method, path string, r reply) {
	w.t.Helper()
	require.Equal(w.t, "no-store", r.header.Get("Cache-Control"))
	require.Equal(w.t, "nosniff", r.header.Get("X-Content-Type-Options"))
	require.Regexp(w.t, `^[0-9a-f]{32}$`, r.header.Get("X-Request-Id"))
	switch media := r.header.Get("Content-Type"); {
	case r.status == http.StatusNotModified:
		require.Empty(w.t, r.body)
	case r.status >= 400:
		require.Equal(w.t, "application/problem+json", media)
		conforms(w.t, "Problem", r.body)
		require.EqualValues(w.t, r.status, r.json(w.t)["status"])
	case media == "application/json":
		if schema := answerSchema(w.t, method, path, r.status); schema != "" {
			conforms(w.t, schema, r.body)
		}
	}
}

// contract is the OpenAPI document as it is served.
var contract = sync.OnceValues(func() (map[string]any, error) {
	b, err := httpapi.Contract()
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	return doc, json.Unmarshal(b, &doc)
})

var compiled sync.Map

// conforms validates JSON against a schema of the contract.
func conforms(t *testing.T, schema, body string) {
	t.Helper()
	doc, err := contract()
	require.NoError(t, err)
	s, ok := compiled.Load(schema)
	if !ok {
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.AssertFormat()
		require.NoError(t, c.AddResource("contract.json", doc))
		made, err := c.Compile("contract.json#/components/schemas/" + schema)
		require.NoError(t, err, schema)
		s, _ = compiled.LoadOrStore(schema, made)
	}
	var value any
	require.NoError(t, json.Unmarshal([]byte(body), &value), body)
	require.NoError(t, s.(*jsonschema.Schema).Validate(value), "%s: %s", schema, body)
}

// answerSchema is the schema that the contract promises for the answer of a call.
func answerSchema(t *testing.T, method, path string, status int) string {
	t.Helper()
	doc, err := contract()
	require.NoError(t, err)
	path, _, _ = strings.Cut(path, "?")
	for pattern, item := range doc["paths"].(map[string]any) {
		op, ok := item.(map[string]any)[strings.ToLower(method)].(map[string]any)
		if !ok || !like(pattern, path) {
			continue
		}
		answer, ok := op["responses"].(map[string]any)[fmt.Sprint(status)].(map[string]any)
		require.True(t, ok, "%s %s: the contract knows no answer %d", method, pattern, status)
		content, _ := answer["content"].(map[string]any)["application/json"].(map[string]any)
		if content == nil {
			return ""
		}
		return strings.TrimPrefix(content["schema"].(map[string]any)["$ref"].(string), "#/components/schemas/")
	}
	require.Fail(t, "not in the contract", "%s %s", method, path)
	return ""
}

func like(pattern, path string) bool {
	a, b := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !strings.HasPrefix(a[i], "{") && a[i] != b[i] {
			return false
		}
	}
	return true
}

// submission is a body, with members replaced or, with nil, left out.
func submission(change map[string]any) string {
	m := map[string]any{
		"tenant": contoso, "actions": []any{"export"}, "regime": "gdpr", "systems": []any{"entra"},
		"subject": map[string]any{"email": "jane.canary@contoso.example"},
	}
	for k, v := range change {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	b, _ := json.Marshal(m)
	return string(b)
}

// submit makes a request and returns its id.
func (w *world) submit(caller, key string, change map[string]any) string {
	w.t.Helper()
	r := w.ask("POST", "/api/requests", caller, submission(change), "Idempotency-Key: "+key)
	require.Equal(w.t, http.StatusAccepted, r.status, r.body)
	return r.json(w.t)["id"].(string)
}

// load reads a request of Contoso.
func (w *world) load(id string) *store.Case {
	w.t.Helper()
	c, err := w.Store.Load(context.Background(), contoso, id)
	require.NoError(w.t, err)
	return c
}

// event commits one event to a request of Contoso.
func (w *world) event(id string, e dsr.Event, change ...func(*store.Change)) {
	w.t.Helper()
	e.At = w.business()
	if e.By == "" {
		e.By = "step:test"
	}
	ch := store.Change{Events: []dsr.Event{e}}
	for _, f := range change {
		f(&ch)
	}
	require.NoError(w.t, w.Store.Commit(context.Background(), w.load(id), ch))
}

// discovered moves a request past its discovery.
func (w *world) discovered(id string, code dsr.OutcomeCode) {
	w.t.Helper()
	w.event(id, dsr.Event{Type: dsr.EventDiscoveryStarted})
	w.event(id, dsr.Event{Type: dsr.EventDiscovered, Task: "entra-discover", Outcome: &dsr.Outcome{Code: code}})
}

// answered moves a request with one entra-export task to its end, with a package.
func (w *world) answered(id string, code dsr.OutcomeCode) {
	w.t.Helper()
	w.discovered(id, dsr.OutcomeDone)
	w.event(id, dsr.Event{Type: dsr.EventTaskEnded, Task: "entra-export", Outcome: &dsr.Outcome{Code: code, Reason: "r"}, Records: 7})
	name := contoso + "/" + id + ".zip"
	ref := blob.Ref{Container: retention.Packages, Name: name}
	require.NoError(w.t, w.Store.Blobs.Put(context.Background(), ref, []byte("an archive"), nil, "application/zip"))
	info, err := w.Store.Blobs.Stat(context.Background(), ref)
	require.NoError(w.t, err)
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("an archive")))
	w.event(id, dsr.Event{Type: dsr.EventAnswered, Package: &dsr.Package{
		State: dsr.PackageReady, Place: dsr.Place{Container: ref.Container, Name: name, ETag: info.ETag},
		Bytes: 10, SHA256: sum, ExpiresAt: w.business().AddDate(0, 0, 30),
	}})
}
