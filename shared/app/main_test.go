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

// What all tests of this package send to the global providers and to the default logger: libraries find them by themselves.
var (
	spans    = tracetest.NewInMemoryExporter()
	metrics  = sdkmetric.NewManualReader()
	fallback = &lines{}
)

func TestMain(m *testing.M) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(metrics)))
	slog.SetDefault(slog.New(slog.NewJSONHandler(fallback, &slog.HandlerOptions{Level: slog.LevelDebug}))) // also what package log writes
	os.Exit(m.Run())
}
