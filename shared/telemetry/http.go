package telemetry

import (
	"cmp"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/rightsdesk/rightsdesk/shared/host"
)

// HTTP traces requests. The span records the method, the pattern of the route and the status,
// never ids or queries. The pattern is the one that next leaves in [http.Request.Pattern], as
// ServeMux does.
func HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := otel.Tracer(scope).Start(ctx, Method(r.Method), trace.WithSpanKind(trace.SpanKindServer))
		answer := host.Record(w)
		r = r.WithContext(ctx)
		defer func() {
			span.SetName(spanName(r))
			span.SetAttributes(attribute.Int("http.response.status_code", cmp.Or(answer.Status(), http.StatusOK)))
			span.End()
		}()
		next.ServeHTTP(answer, r)
	})
}

// spanName is the method and the pattern of the route, which may itself begin with a method.
// A request that matched no route is named by its method alone.
func spanName(r *http.Request) string {
	_, route, found := strings.Cut(r.Pattern, " ")
	if !found {
		route = r.Pattern
	}
	return strings.TrimSpace(Method(r.Method) + " " + route)
}

// Method returns a standard method as it is and "other" for any other, so that methods which
// callers invent stay out of logs and traces.
func Method(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
