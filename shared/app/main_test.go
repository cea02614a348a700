package app_test

import (
	"log/slog"
	"os"
	"testing"

	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// The tests of this package share these receivers: libraries find the global providers and the
// default logger by themselves.
var (
	spans    = tracetest.NewInMemoryExporter()
	metrics  = sdkmetric.NewManualReader()
	fallback = &lines{}
)

func TestMain(m *testing.M) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(metrics)))
	// package log writes there, too
	slog.SetDefault(slog.New(slog.NewJSONHandler(fallback, &slog.HandlerOptions{Level: slog.LevelDebug})))
	os.Exit(m.Run())
}
