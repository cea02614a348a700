package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// bench is one test's connector and its simulator. When the test ends, what was logged, traced and
// returned as an error is searched for the people's identifiers.
type bench struct {
	Harness
	Simulation
	t    *testing.T
	log  *buffer
	errs []string
}

func newBench(t *testing.T, h Harness) *bench {
	t.Helper()
	b := &bench{Harness: h, Simulation: h.New(t), t: t, log: &buffer{}}
	spans := collectSpans()
	t.Cleanup(func() { b.requireSilence(spans) })
	return b
}

// place is the name of the system in the tenant. It differs from the system's own name, so that a
// connector that mixes up the two is found out.
const place = "some-place"

// open makes a connector, as another process would.
func (b *bench) open(s connector.Settings) connector.Connector {
	b.t.Helper()
	s.Name = place
	s.Log = slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := b.Entry.New(s)
	require.NoError(b.t, err)
	return c
}

func (b *bench) discover(s connector.Settings, subject dsr.Subject) (connector.Discovery, error) {
	b.t.Helper()
	return b.discoverIn(b.t.Context(), s, subject)
}

func (b *bench) discoverIn(ctx context.Context, s connector.Settings, subject dsr.Subject) (connector.Discovery, error) {
	b.t.Helper()
	d, ok := b.open(s).(connector.Discoverer)
	require.True(b.t, ok, "a connector that finds nobody is of no use")
	out, err := d.Discover(ctx, connector.Lookup{Subject: subject})
	return out, b.keep(err)
}

// find discovers somebody who is there.
func (b *bench) find(object string) []dsr.Finding {
	b.t.Helper()
	for _, k := range b.Known {
		if k.Object == object {
			d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{k.Identifier}})
			require.NoError(b.t, err)
			require.NotEmpty(b.t, d.Findings)
			return d.Findings
		}
	}
	b.t.Fatal("the harness names a person whom none of its identifiers finds")
	return nil
}

// scope is what a step asks to be exported.
func (b *bench) scope(a dsr.Action, fs []dsr.Finding) connector.Scope {
	return connector.Scope{Action: a, Kinds: b.Entry.Descriptor.KindsFor(a), Findings: fs}
}

func (b *bench) export(ctx context.Context, s connector.Settings, scope connector.Scope, from []byte, sink connector.Sink) (dsr.Outcome, error) {
	b.t.Helper()
	e, ok := b.open(s).(connector.Exporter)
	if !ok {
		b.t.Skipf("%s does not export: %s", b.Entry.Descriptor.System, b.Entry.Descriptor.Cannot[scope.Action])
	}
	out, err := e.Export(ctx, scope, from, sink)
	return out, b.keep(err)
}

func (b *bench) keep(err error) error {
	if err != nil {
		b.errs = append(b.errs, fmt.Sprintf("%v %+v %#v", err, err, err))
		if f := connector.AsFault(err); f != nil {
			b.errs = append(b.errs, fmt.Sprintf("%+v", *f))
		}
	}
	return err
}

// requireSilence fails when an identifier is found where none may be.
func (b *bench) requireSilence(spans *tracetest.InMemoryExporter) {
	places := map[string]string{"the log": b.log.String(), "an error": strings.Join(b.errs, "\n"), "a span": spanText(spans)}
	if b.Log != nil {
		places["the simulator's log"] = b.Log()
	}
	for _, k := range b.Known {
		v := k.Identifier.Value.Reveal()
		require.GreaterOrEqual(b.t, len(v), 5, "identifiers of the harness must be long enough to be searched for")
		for where, text := range places {
			for _, form := range []string{v, url.QueryEscape(v), url.PathEscape(v), strings.ReplaceAll(v, "'", "''")} {
				require.NotContains(b.t, strings.ToLower(text), strings.ToLower(form), "%s holds an identifier of kind %s", where, k.Identifier.Kind)
			}
		}
	}
}

// collectSpans makes the process's traces end in memory. They are those of all tests together,
// and none of them may hold a value.
var collectSpans = sync.OnceValue(func() *tracetest.InMemoryExporter {
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	return spans
})

func spanText(spans *tracetest.InMemoryExporter) string {
	var out strings.Builder
	for _, s := range spans.GetSpans() {
		fmt.Fprintln(&out, s.Name, s.Attributes, s.Events, s.Status, s.Links)
	}
	return out.String()
}

// put is a page as the sink took it.
type put struct {
	kind    string
	records []json.RawMessage
	next    []byte
}

// recorder is a sink in memory.
type recorder struct {
	puts  []put
	asked []connector.Asked
	// refuse is what Put returns once it has taken stop pages. A negative stop means never.
	stop   int
	refuse error
	onPut  func()
}

func newRecorder() *recorder { return &recorder{stop: -1} }

var errKilled = errors.New("killed")

// killedAfter is a sink whose process dies in the Put after n of them.
func killedAfter(n int) *recorder { return &recorder{stop: n, refuse: errKilled} }

// Put does not look at the context: that is the connector's part.
func (r *recorder) Put(_ context.Context, kind string, records []json.RawMessage, next []byte) error {
	if r.stop >= 0 && len(r.puts) >= r.stop {
		return r.refuse
	}
	r.puts = append(r.puts, put{kind, records, next})
	if r.onPut != nil {
		r.onPut()
	}
	return nil
}

func (r *recorder) Asked(a connector.Asked) { r.asked = append(r.asked, a) }

// records are what was taken, by kind.
func (r *recorder) records() map[string][]json.RawMessage { return collect(r.puts) }

func collect(puts []put) map[string][]json.RawMessage {
	out := map[string][]json.RawMessage{}
	for _, p := range puts {
		if len(p.records) > 0 {
			out[p.kind] = append(out[p.kind], p.records...)
		}
	}
	return out
}

// buffer is a bytes.Buffer for several writers.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
