package msgraph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// spans collects what the SDK records; the SDK asks for the global provider only.
var spans = tracetest.NewInMemoryExporter()

func TestMain(m *testing.M) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	os.Exit(m.Run())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	t.Cleanup(func() { requireCleanSpans(t) })
	type want struct {
		kind  connector.FaultKind
		code  string
		tries int
	}
	for name, tc := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   want
	}{
		"throttled":                  {func(w http.ResponseWriter) { refuse(w, 429, "TooManyRequests") }, want{connector.Throttled, "TooManyRequests", 3}},
		"unavailable":                {func(w http.ResponseWriter) { refuse(w, 503, "ServiceUnavailable") }, want{connector.Unavailable, "ServiceUnavailable", 3}},
		"gateway in HTML":            {func(w http.ResponseWriter) { html(w, 504) }, want{connector.Unavailable, codeUnknown, 3}},
		"internal":                   {func(w http.ResponseWriter) { refuse(w, 500, "InternalServerError") }, want{connector.Unavailable, "InternalServerError", 3}},
		"error without a body":       {func(w http.ResponseWriter) { w.WriteHeader(502) }, want{connector.Unavailable, codeUnknown, 3}},
		"error without a message":    {func(w http.ResponseWriter) { reply(w, 400, `{"error":{"code":"BadRequest"}}`) }, want{connector.Rejected, "BadRequest", 1}},
		"error of another shape":     {func(w http.ResponseWriter) { reply(w, 400, `{"error":[7]}`) }, want{connector.Rejected, codeUnknown, 1}},
		"error whose code is a name": {func(w http.ResponseWriter) { refuse(w, 400, canary) }, want{connector.Rejected, codeUnknown, 1}},
		"error with a cut body":      {func(w http.ResponseWriter) { cut(w, 503, `{"error":`) }, want{connector.Unavailable, codeUnknown, 3}},
		"forbidden":                  {func(w http.ResponseWriter) { refuse(w, 403, "Authorization_RequestDenied") }, want{connector.Forbidden, "Authorization_RequestDenied", 1}},
		"bad request":                {func(w http.ResponseWriter) { refuse(w, 400, "Request_UnsupportedQuery") }, want{connector.Rejected, "Request_UnsupportedQuery", 1}},
		"not implemented":            {func(w http.ResponseWriter) { refuse(w, 501, "NotImplemented") }, want{connector.Rejected, "NotImplemented", 1}},
		"redirect":                   {redirect, want{connector.Rejected, codeRedirect, 1}},
		"redirect to nonsense":       {func(w http.ResponseWriter) { w.Header().Set("Location", "%zz"); w.WriteHeader(302) }, want{connector.Rejected, codeRedirect, 1}},
		"cut body":                   {func(w http.ResponseWriter) { cut(w, 200, `{"value":[`) }, want{connector.Unavailable, codeCutBody, 3}},
		"cut document":               {func(w http.ResponseWriter) { reply(w, 200, `{"value":[{"id":"1"}`) }, want{connector.Unavailable, codeNotJSON, 3}},
		"empty body":                 {func(w http.ResponseWriter) { w.WriteHeader(200) }, want{connector.Unavailable, codeNotJSON, 3}},
		"no content":                 {func(w http.ResponseWriter) { w.WriteHeader(204) }, want{connector.Unavailable, codeNotJSON, 3}},
		"records that are texts":     {func(w http.ResponseWriter) { reply(w, 200, `{"value":["x"]}`) }, want{connector.Unavailable, codeNotJSON, 3}},
		"hung up":                    {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, want{connector.Unavailable, codeUnreachable, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { tc.answer(w) })
			_, err := b.client.For("entra").List(patient(t), lookup(t, b.client), "")
			f := connector.AsFault(err)
			require.NotNil(t, f, "%v", err)
			require.Equal(t, tc.want, want{f.Kind, f.Code, len(b.requests())})
			require.Equal(t, "entra", f.System)
			require.NotEmpty(t, f.RequestID)
			require.Equal(t, f.Kind == connector.Forbidden, f.Permission == "User.Read.All")
			requireClean(t, name, err)
		})
	}
}

func html(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<h1>"+canary+"</h1>")
}

func redirect(w http.ResponseWriter) {
	w.Header().Set("Location", "https://evil.example/?q="+canary)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// requireClean fails when a text holds the address that was looked for in any spelling, or a URL.
func requireClean(t *testing.T, name string, what any) {
	t.Helper()
	for _, text := range []string{fmt.Sprintf("%v", what), fmt.Sprintf("%+v", what), fmt.Sprintf("%#v", what)} {
		for _, trace := range []string{"canary", "filter", "brien", "127.0.0.1", "v1.0/"} {
			require.NotContains(t, strings.ToLower(text), trace, name)
		}
	}
}

func requireCleanSpans(t *testing.T) {
	t.Helper()
	got := spans.GetSpans()
	require.NotEmpty(t, got, "the SDK records spans")
	for _, s := range got {
		text := fmt.Sprint(s.Name, s.Attributes, s.Events, s.Status)
		for _, trace := range []string{"canary", "brien", "contoso", "eq '", "filter="} {
			require.NotContains(t, text, trace, s.Name)
		}
	}
}

func TestNotFoundIsNoFault(t *testing.T) {
	t.Parallel()
	b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "Request_ResourceNotFound") })
	_, err := b.client.Object(t.Context(), lookup(t, b.client))
	require.True(t, IsNotFound(err))
	require.Nil(t, connector.AsFault(err))
	require.Equal(t, "graph: not found (HTTP 404 Request_ResourceNotFound), request id 0b7e9d9e-aaaa-bbbb-cccc-000000000001", err.Error())
}

// stub answers without a network.
type stub func(*http.Request) (*http.Response, error)

func (f stub) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoErrorLogLineOrSpanHoldsWhatWasLookedFor(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	for name, tc := range map[string]struct {
		transport http.RoundTripper
		code      string
	}{
		"dial error": {stub(func(r *http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused " + r.URL.String())}
		}), codeUnreachable},
		"time-out": {stub(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("%s: %w", r.URL, context.DeadlineExceeded)
		}), codeTimeout},
		"time-out in the body": {stub(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(failing{context.DeadlineExceeded})}, nil
		}), codeTimeout},
		"endless body": {stub(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(endless{})}, nil
		}), codeTooLarge},
	} {
		cred := &credential{}
		c := client(t, connector.Settings{
			Endpoint: "https://graph.microsoft.com", Credential: cred, Transport: tc.transport,
			Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		_, err := c.List(patient(t), lookup(t, c), "")
		require.Equal(t, tc.code, connector.AsFault(err).Code, name)
		require.Zero(t, connector.AsFault(err).RetryAfter)
		requireClean(t, name, err)
	}
	require.NotEmpty(t, log.String())
	requireClean(t, "log", log.String())
	requireCleanSpans(t)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestNoToken(t *testing.T) {
	t.Parallel()
	b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"value":[]}`) })
	b.cred.err = errors.New("the secret has expired")
	_, err := b.client.List(t.Context(), lookup(t, b.client), "")
	require.Equal(t, codeNoToken, connector.AsFault(err).Code)
	require.True(t, connector.AsFault(err).Retryable())
	require.Empty(t, b.requests())
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	c := client(t, connector.Settings{
		Endpoint: "https://graph.microsoft.com", Credential: &credential{},
		Clocks: clock.Clocks{
			Wall: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
			// A month ahead, as the local world can be. It plays no part.
			Business: func() time.Time { return time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC) },
		},
	})
	for name, tc := range map[string]struct {
		value, date string
		want        time.Duration
	}{
		"absent":                  {"", "", 0},
		"seconds":                 {"7", "", 7 * time.Second},
		"fraction of a second":    {"2.128", "", 2128 * time.Millisecond},
		"date against the answer": {"Sun, 01 Mar 2026 12:00:30 GMT", "Sun, 01 Mar 2026 12:00:10 GMT", 20 * time.Second},
		"date against the clock":  {"Sun, 01 Mar 2026 12:00:30 GMT", "", 30 * time.Second},
		"date in the past":        {"Sun, 01 Mar 2025 12:00:30 GMT", "Sun, 01 Mar 2026 12:00:10 GMT", 0},
		"negative":                {"-5", "", 0},
		"not a number":            {"NaN", "", 0},
		"nonsense":                {"soon", "", 0},
		"a year":                  {"31536000", "", time.Hour},
		"infinite":                {"+Inf", "", time.Hour},
	} {
		h := http.Header{}
		h.Set("Retry-After", tc.value)
		h.Set("Date", tc.date)
		require.Equal(t, tc.want, c.retryAfter(h), name)
	}
}

// The SDK's own list is ranged from a map. In two runs of three it retries a POST with a plain body
// under a gzip header.
func TestMiddlewaresHaveOneOrder(t *testing.T) {
	t.Parallel()
	order := ""
	for run := range 60 {
		got := ""
		for _, m := range middlewares(&core.GraphClientOptions{}) {
			got += fmt.Sprintf("%T ", m)
		}
		if run == 0 {
			order = got
		}
		require.Equal(t, order, got)
	}
	const body = `{"storageLocation":"https://x"}`
	for range 60 {
		var bodies []string
		b := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			sent, _ := io.ReadAll(r.Body)
			bodies = append(bodies, r.Header.Get("Content-Encoding")+string(sent))
			refuse(w, 429, "TooManyRequests")
		})
		r := abs.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(abs.POST, "{+baseurl}/users", map[string]string{})
		r.SetStreamContentAndContentType([]byte(body), "application/json")
		_, err := b.client.adapter.SendPrimitive(t.Context(), r, "[]byte", mapping)
		require.Error(t, err)
		require.Equal(t, []string{body}, bodies, "plain, and sent once")
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://graph.microsoft.com":               "https://graph.microsoft.com/v1.0",
		"https://graph.microsoft.us/v1.0/":          "https://graph.microsoft.us/v1.0",
		"https://microsoftgraph.chinacloudapi.cn/":  "https://microsoftgraph.chinacloudapi.cn/v1.0",
		"http://127.0.0.1:7080":                     "http://127.0.0.1:7080/v1.0",
		"http://[::1]:7080/v1.0":                    "http://[::1]:7080/v1.0",
		"http://localhost:1":                        "http://localhost:1/v1.0",
		"http://graph.microsoft.com":                "",
		"https://dod-graph.microsoft.us":            "", // a cloud that is not on the list
		"https://graph.microsoft.com:444":           "",
		"https://graph.microsoft.com.evil.example":  "",
		"https://graph.microsoft.com@evil.example/": "",
		"http://10.0.0.1":                           "",
		"http://localhost.evil.example":             "",
		"https://graph.microsoft.com/beta":          "",
		"https://graph.microsoft.com?x=1":           "",
		"ftp://127.0.0.1":                           "",
		"127.0.0.1:7080":                            "",
		"":                                          "",
	} {
		got, err := parseEndpoint(endpoint)
		if want == "" {
			require.Error(t, err, endpoint)
			continue
		}
		require.NoError(t, err, endpoint)
		require.Equal(t, want, got.String())
	}
	_, err := New(connector.Settings{Endpoint: "https://graph.microsoft.com"})
	require.Error(t, err, "no credential")
	us, err := parseEndpoint("https://graph.microsoft.us")
	require.NoError(t, err)
	require.Equal(t, "https://graph.microsoft.us/.default", scope(us))
}
