package telemetry

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// HTTP traces requests. The span knows the method, the first segments of the path and the status, never ids or queries.
func HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := otel.Tracer(scope).Start(ctx, r.Method+" "+route(r.URL.Path), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		s := &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(s, r.WithContext(ctx))
		span.SetAttributes(attribute.Int("http.response.status_code", s.code))
	})
}

// route keeps "/api/requests" of any longer path.
func route(path string) string {
	parts := strings.SplitN(path, "/", 4)
	known := map[string]bool{"requests": true, "bulk": true, "health": true, "openapi.json": true}
	if len(parts) < 3 || !known[parts[2]] {
		return "/api"
	}
	return "/api/" + parts[2]
}

type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the real writer.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
