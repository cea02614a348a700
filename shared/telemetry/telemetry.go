// Package telemetry writes logs to stdout, and traces and metrics to an OTLP endpoint when one
// is set.
//
// Nothing personal reaches it: attributes are ids, codes, counts and times, and query strings
// are never recorded.
package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/rightsdesk/rightsdesk/shared/alert"
	"github.com/rightsdesk/rightsdesk/shared/host"
)

const scope = "github.com/rightsdesk/rightsdesk"

// NewLog returns a logger that writes JSON lines to w, with the ids of the invocation and of
// the trace. All times are in UTC, whatever the machine's zone is.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(withContext{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: inUTC})})
}

func inUTC(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}

// withContext adds what the context knows to every line.
type withContext struct{ slog.Handler }

func (h withContext) Handle(ctx context.Context, r slog.Record) error {
	if id := host.InvocationID(ctx); id != "" {
		r.AddAttrs(slog.String("invocation", id))
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace", sc.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withContext) WithAttrs(as []slog.Attr) slog.Handler {
	return withContext{h.Handler.WithAttrs(as)}
}

func (h withContext) WithGroup(name string) slog.Handler {
	return withContext{h.Handler.WithGroup(name)}
}

// Export sends traces and metrics by OTLP over HTTP, to the endpoint that the standard OTEL_*
// variables name. If it is not enabled, nothing is collected. The returned function flushes.
func Export(ctx context.Context, enabled bool) (func(context.Context) error, error) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if !enabled {
		return func(context.Context) error { return nil }, nil
	}
	res := resource.NewSchemaless(attribute.String("service.name", "rightsdesk"))
	traces, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	metrics, err := otlpmetrichttp.New(ctx)
	if err != nil {
		return nil, err
	}
	tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(traces), sdktrace.WithResource(res))
	mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)), sdkmetric.WithResource(res))
	otel.SetTracerProvider(tp)
	otel.SetMeterProvider(mp)
	return func(ctx context.Context) error { return errors.Join(tp.Shutdown(ctx), mp.Shutdown(ctx)) }, nil
}

// Jobs counts and traces jobs. A deployment should watch the successes of each job, because a
// job that no longer succeeds may be silent otherwise.
type Jobs struct {
	runs metric.Int64Counter
}

// NewJobs makes the counter rightsdesk.job.runs with the attributes job and result (success or
// failure).
func NewJobs() (*Jobs, error) {
	runs, err := otel.Meter(scope).Int64Counter("rightsdesk.job.runs", metric.WithDescription("Runs of a job, by result"))
	if err != nil {
		return nil, err
	}
	return &Jobs{runs: runs}, nil
}

// Counter counts what the steps report.
type Counter struct{}

// Count adds n to the counter rightsdesk.{name}.
func (Counter) Count(ctx context.Context, name string, n int64) {
	if c, err := otel.Meter(scope).Int64Counter("rightsdesk." + name); err == nil {
		c.Add(ctx, n)
	}
}

// Ignored counts a queue message that leads to no work: rightsdesk.messages.ignored with the
// attribute reason, a code.
func (Counter) Ignored(ctx context.Context, reason string) {
	if c, err := otel.Meter(scope).Int64Counter("rightsdesk.messages.ignored"); err == nil {
		c.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason)))
	}
}

// Alert counts an alert: rightsdesk.alerts with the attribute code.
func (Counter) Alert(ctx context.Context, code alert.Code) {
	if c, err := otel.Meter(scope).Int64Counter("rightsdesk.alerts"); err == nil {
		c.Add(ctx, 1, metric.WithAttributes(attribute.String("code", string(code))))
	}
}

// Wrap returns the job with a span around it. It counts each run by its result.
func (j *Jobs) Wrap(name string, run host.Job) host.Job {
	return func(ctx context.Context, payload []byte) error {
		ctx, span := otel.Tracer(scope).Start(ctx, "job "+name, trace.WithSpanKind(trace.SpanKindConsumer))
		defer span.End()
		err := run(ctx, payload)
		result := "success"
		if err != nil {
			result = "failure"
			span.SetStatus(codes.Error, "failed") // the text of the error stays in the log
		}
		j.runs.Add(ctx, 1, metric.WithAttributes(attribute.String("job", name), attribute.String("result", result)))
		return err
	}
}
