package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rightsdesk/rightsdesk/shared/alert"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// TestJobsAndSpans is one test because the providers are global.
func TestJobsAndSpans(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))

	jobs, err := telemetry.NewJobs()
	require.NoError(t, err)
	ok := jobs.Wrap("work", func(context.Context, []byte) error { return nil })
	bad := jobs.Wrap("work", func(context.Context, []byte) error { return errors.New("jane@canary.example") })
	require.NoError(t, ok(t.Context(), nil))
	require.Error(t, bad(t.Context(), nil))

	h := telemetry.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/requests/") {
			r.Pattern = "/api/requests/{id}"
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/requests/abc?tenant=jane@canary.example", nil))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/jane@canary.example", nil))

	telemetry.Counter{}.Ignored(t.Context(), "bad-message")
	telemetry.Counter{}.Ignored(t.Context(), "bad-message")
	telemetry.Counter{}.Ignored(t.Context(), "unknown-request")
	telemetry.Counter{}.Alert(t.Context(), alert.TaskNotConfigured)

	var rm metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &rm))
	sum, isSum := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
	require.True(t, isSum)
	require.Len(t, sum.DataPoints, 2, "one counter, by result")

	ignored, alerts := map[string]int64{}, map[string]int64{}
	for _, m := range rm.ScopeMetrics[0].Metrics {
		if m.Name == "rightsdesk.alerts" {
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				code, _ := p.Attributes.Value("code")
				alerts[code.AsString()] = p.Value
			}
		}
		if m.Name == "rightsdesk.messages.ignored" {
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				reason, _ := p.Attributes.Value("reason")
				ignored[reason.AsString()] = p.Value
			}
		}
	}
	require.Equal(t, map[string]int64{"bad-message": 2, "unknown-request": 1}, ignored)
	require.Equal(t, map[string]int64{"task-not-configured": 1}, alerts)

	got := spans.GetSpans()
	require.Len(t, got, 4)
	require.Equal(t, "GET /api/requests/{id}", got[2].Name)
	require.Equal(t, "GET", got[3].Name, "no route")
	var all bytes.Buffer
	for _, s := range got {
		all.WriteString(s.Name + s.Status.Description)
		for _, a := range s.Attributes {
			all.WriteString(a.Value.String())
		}
	}
	require.NotContains(t, all.String(), "canary")
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	telemetry.NewLog(&b, slog.LevelInfo).InfoContext(t.Context(), "m", "subject", pii.New("jane@canary.example"))
	require.Contains(t, b.String(), `"subject":"‹redacted›"`)
	require.NotContains(t, b.String(), "canary")
}

func TestOffByDefault(t *testing.T) {
	t.Parallel()
	flush, err := telemetry.Export(t.Context(), false)
	require.NoError(t, err)
	require.NoError(t, flush(t.Context()))
}

func TestLogTimesAreInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 1, 1, 30, 0, 0, time.FixedZone("CEST", 2*60*60))
	var b bytes.Buffer
	log := telemetry.NewLog(&b, slog.LevelInfo).With("since", at).WithGroup("g")
	r := slog.NewRecord(at, slog.LevelInfo, "m", 0)
	r.Add("due", at, slog.Group("inner", "any", slog.AnyValue(at)))
	require.NoError(t, log.Handler().Handle(t.Context(), r))
	require.Equal(t, 4, strings.Count(b.String(), `"2026-03-31T23:30:00Z"`), b.String())
}
