package app_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

// lookup reports a call whose URL holds values of a person. Graph takes a filter in the URL only.
func lookup(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "filter=") }

// onLookups replaces the transport of look-ups and of nothing else.
func onLookups(other http.RoundTripper) func(*http.Request) http.RoundTripper {
	return func(r *http.Request) http.RoundTripper {
		if lookup(r) {
			return other
		}
		return nil
	}
}

// tripper makes an http.RoundTripper of a function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// graphFails lets a look-up fail in each way once: a dial error, a time-out, a 400 of the
// simulator, and a 400 that quotes the whole call, as the real service may.
func (b *canary) graphFails(t *testing.T) {
	b.t = t
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	quoting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := r.URL.String() + " " + r.URL.Query().Get("$filter")
		w.Header().Set("request-id", said)
		w.Header().Set("Location", said)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":"`+r.URL.RawQuery+`","message":"Invalid filter clause: `+said+`"}}`)
	}))
	t.Cleanup(quoting.Close)

	for name, tc := range map[string]struct {
		carry    http.RoundTripper
		faults   graphsim.Faults
		outcome  string // of the task, after the fault is over
		waits    bool   // for the end of the fault
		logged   string
		answered int // by the simulator
	}{
		"dial error": {
			carry:   &http.Transport{DialContext: (&dialTo{closed.Addr().String()}).dial, DisableKeepAlives: true},
			outcome: "done", waits: true, logged: `"fault":"unavailable"`,
		},
		"time-out": {
			carry:  &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond, DisableKeepAlives: true},
			faults: graphsim.Faults{Rules: []graphsim.FaultRule{{Path: "/users", Latency: "1s"}}}, outcome: "done", waits: true, logged: `"fault":"unavailable"`,
		},
		"400 of the simulator": {carry: tripper(func(r *http.Request) (*http.Response, error) {
			broken := r.Clone(r.Context())
			q := broken.URL.Query()
			q.Set("$filter", q.Get("$filter")+" and")
			broken.URL.RawQuery = q.Encode()
			return b.graph.next.RoundTrip(broken)
		}), outcome: "failed", answered: http.StatusBadRequest},
		"400 that quotes": {carry: &http.Transport{DialContext: (&dialTo{quoting.Listener.Addr().String()}).dial, DisableKeepAlives: true}, outcome: "failed"},
	} {
		require.NoError(t, b.tenant.Graph().SetFaults(tc.faults), name)
		b.graph.set(onLookups(tc.carry))
		before := b.tenant.Graph().Stats().Statuses["400"]
		body := asked(entrasim.Contoso, map[string]any{"email": b.mail()}, "export")
		body["systems"] = []string{"entra"}
		id := b.submit(contosoKey, b.of("key")+url.PathEscape(name), body)
		b.pump()
		b.graph.set(nil)
		require.NoError(t, b.tenant.Graph().SetFaults(graphsim.Faults{}), name)
		if tc.waits {
			require.Equal(t, "discovering", b.get(contosoKey, id).State, name)
			require.NotEmpty(t, b.lines.with(tc.logged, id), name)
			b.wall.Advance(2 * time.Minute)
			require.Equal(t, http.StatusOK, b.timer("wake"))
			b.pump()
		}
		require.Equal(t, tc.answered == http.StatusBadRequest, b.tenant.Graph().Stats().Statuses["400"] > before, name)
		r := b.get(contosoKey, id)
		require.Equal(t, []string{"completed", tc.outcome}, []string{r.State, r.task("entra-export").Outcome}, name)
		b.must(http.StatusOK, "GET", "/api/requests/"+id+"/events", contosoKey, nil)
		b.archive(contosoKey, id)
		if tc.outcome == "failed" {
			b.must(http.StatusOK, "POST", "/api/requests/"+id+"/retry", contosoKey, map[string]any{"reason": "Told " + b.of("retry reason")})
			b.pump()
			require.Equal(t, "done", b.get(contosoKey, id).task("entra-export").Outcome, name)
		}
		b.look()
	}
}

// dialTo connects to one address, whichever was asked for.
type dialTo struct{ address string }

func (d *dialTo) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, d.address)
}

// graphAlone checks that values went out in URLs to Graph, and to no other host.
func (b *canary) graphAlone() {
	seen, find := map[string]bool{}, b.canaries.finder()
	for _, u := range b.graph.calls() {
		require.Equal(b.t, b.graph.host, u.Host, "a connector asked another host")
		text, err := url.QueryUnescape(u.RawQuery)
		require.NoError(b.t, err)
		for _, name := range find.in(text) {
			seen[name] = true
		}
	}
	for _, name := range []string{"upn", "mail", "othermail", "phone", "employee", "proxy", "signin", "guest", "object id"} {
		require.True(b.t, seen[name], "%s was never looked for, so nothing is shown", name)
	}
	for _, name := range []string{"note", "reference", "key", "customer", "cancel reason", "retry reason", "manual text", "bulk note"} {
		require.False(b.t, seen[name], "%s must not go to Graph", name)
	}
	require.True(b.t, slices.ContainsFunc(spans.GetSpans(), func(s tracetest.SpanStub) bool {
		return strings.Contains(s.Name, "/users") && s.Status.Code == codes.Error
	}), "the SDK traced no failed look-up, so nothing is shown")
}
