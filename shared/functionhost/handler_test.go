package functionhost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// buffer is a log that many requests write to.
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

// served is a handler with one job of each kind, on a real server, because escaped paths must
// pass a real parser.
type served struct {
	url  string
	log  *buffer
	mu   sync.Mutex
	seen []string // what the jobs and the API got, in order
}

func (s *served) saw(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, what)
}

// program returns a program with the product's own answers.
func program(api http.Handler, triggers map[string]host.Trigger) host.Program {
	return host.Program{
		API: api, Triggers: triggers,
		NotFound: problem.New(problem.NotFound, "", "nothing is here"),
		Failed:   problem.New(problem.Internal, "", "the request could not be served"),
	}
}

func realClocks() clock.Clocks { return clock.Clocks{Wall: time.Now, Business: time.Now} }

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{log: &buffer{}}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.saw("api " + r.Method + " " + r.URL.EscapedPath())
		switch r.URL.Path {
		case "/api/panic":
			panic("secret value")
		case "/api/half":
			_, _ = w.Write([]byte("half"))
			panic("secret value")
		}
		w.WriteHeader(http.StatusTeapot)
	})
	job := func(ctx context.Context, payload []byte) error {
		s.saw("job " + host.InvocationID(ctx) + " " + string(payload))
		switch string(payload) {
		case "fail":
			return errors.New("store: throttled")
		case "panic":
			panic("secret value")
		case "index":
			_ = payload[len(payload)]
		case "forever":
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	h, err := Handler(program(api, map[string]host.Trigger{"bulk": host.Queue(job, 200*time.Millisecond), "wake": host.Timer(job, time.Minute)}), log)
	require.NoError(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// send writes the request line exactly as given, so that no client cleans the path.
func (s *served) send(t *testing.T, method, target, body string) (status int, header http.Header, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url, strings.NewReader(body))
	require.NoError(t, err)
	path, query, asked := strings.Cut(target, "?")
	req.URL.Opaque = "//" + req.URL.Host + path
	req.URL.RawQuery, req.URL.ForceQuery = query, asked
	req.Header.Set("X-Azure-Functions-InvocationId", "f526c39c-531c-4de7-ae31-ddfd8bfceafb")
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return originForm{conn}, nil },
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, ""
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, ""
	}
	return resp.StatusCode, resp.Header, string(got)
}

// originForm removes the scheme and the host from the request line that an opaque URL makes.
type originForm struct{ net.Conn }

func (o originForm) Write(p []byte) (int, error) {
	line, rest, _ := bytes.Cut(p, []byte("\r\n"))
	if method, target, ok := bytes.Cut(line, []byte(" http://")); ok {
		_, path, _ := bytes.Cut(target, []byte("/"))
		out := bytes.Join([][]byte{method, []byte(" /"), path, []byte("\r\n"), rest}, nil)
		if _, err := o.Conn.Write(out); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return o.Conn.Write(p)
}

const hello = `{"Data":{"msg":"\"hello!!\""},"Metadata":{}}`

func TestAJobAnswersOnlyItsExactPath(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ method, target string }{
		"GET on a job":              {"GET", "/bulk"},
		"PUT on a job":              {"PUT", "/bulk"},
		"trailing slash":            {"POST", "/bulk/"},
		"mixed case":                {"POST", "/Bulk"},
		"leading double slash":      {"POST", "//bulk"},
		"escaped letter":            {"POST", "/%62ulk"},
		"query":                     {"POST", "/bulk?x=1"},
		"empty query":               {"POST", "/bulk?"},
		"dot segment":               {"POST", "/./bulk"},
		"unknown function":          {"POST", "/stranger"},
		"the api prefix alone":      {"POST", "/api"},
		"upper-case api":            {"POST", "/API/bulk"},
		"through api, dots":         {"POST", "/api/../bulk"},
		"through api, escaped dots": {"POST", "/api/%2e%2e/bulk"},
		"through api, ..%2f":        {"POST", "/api/requests/..%2f..%2fbulk"},
		"through api, ..%252f":      {"POST", "/api/requests/..%252f..%252fbulk"},
		"through api, ..%5c":        {"POST", "/api/..%5cbulk"},
		"through api, %252e%252e":   {"POST", "/api/%252e%252e/bulk"},
		"through api, double slash": {"POST", "/api//bulk"},
		"through api, NUL":          {"POST", "/api/bulk%00"},
		"POST on the ping":          {"POST", "/"},
		"DELETE on the ping":        {"DELETE", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			status, header, body := s.send(t, tc.method, tc.target, hello)
			require.Equal(t, http.StatusNotFound, status)
			require.Equal(t, "application/problem+json", header.Get("Content-Type"))
			require.Contains(t, body, `"code":"not-found"`)
			require.Empty(t, s.seen)
		})
	}
}

func TestWhatIsServed(t *testing.T) {
	t.Parallel()
	id := "f526c39c-531c-4de7-ae31-ddfd8bfceafb"
	for name, tc := range map[string]struct {
		method, target, body string
		status               int
		seen, answer         string
	}{
		"readiness ping":                    {method: "GET", target: "/", status: 200, answer: `{"status":"alive"}`},
		"readiness ping by HEAD":            {method: "HEAD", target: "/", status: 200},
		"a stranger's POST through the api": {method: "POST", target: "/api/bulk", status: 418, seen: "api POST /api/bulk"},
		"an API path with a space":          {method: "GET", target: "/api/a%20b?x=%2F..", status: 418, seen: "api GET /api/a%20b"},
		"a queue message":                   {method: "POST", target: "/bulk", body: hello, status: 200, seen: "job " + id + " hello!!", answer: `{"Outputs":{},"Logs":[],"ReturnValue":null}`},
		"a timer": {
			method: "POST", target: "/wake", body: `{"Data":{"timer":{"ScheduleStatus":null,"IsPastDue":true}}}`,
			status: 200, seen: "job " + id + ` {"pastDue":true}`, answer: `{"Outputs":{},"Logs":[],"ReturnValue":null}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			status, _, body := s.send(t, tc.method, tc.target, tc.body)
			require.Equal(t, tc.status, status)
			require.Equal(t, tc.answer, body)
			if tc.seen != "" {
				require.Equal(t, []string{tc.seen}, s.seen)
			}
		})
	}
}

func TestAFailureSaysWhyInTheLogOnly(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body, log string
		status    int
	}{
		"the job fails":                     {body: strings.Replace(hello, "hello!!", "fail", 1), status: 500, log: "store: throttled"},
		"the job takes longer than it may":  {body: strings.Replace(hello, "hello!!", "forever", 1), status: 500, log: "deadline exceeded"},
		"the job panics":                    {body: strings.Replace(hello, "hello!!", "panic", 1), status: 500, log: "panic: string at"},
		"the job has a bug":                 {body: strings.Replace(hello, "hello!!", "index", 1), status: 500, log: "index out of range"},
		"an empty body":                     {body: "", status: 400, log: "not JSON"},
		"a body that is not JSON":           {body: "secret value", status: 400, log: "not JSON at byte 1"},
		"a body over the cap":               {body: strings.Repeat(" ", maxJobBody+1), status: 413, log: "over 1048576 bytes"},
		"an envelope that is not a queue's": {body: `{"Data":{"a":"secret value","b":1}}`, status: 400, log: "2 members"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			status, header, body := s.send(t, "POST", "/bulk", tc.body)
			require.Equal(t, tc.status, status)
			require.Equal(t, "application/json", header.Get("Content-Type"))
			require.Equal(t, `{"failed":true}`, body)
			require.Contains(t, s.log.String(), tc.log)
			require.Contains(t, s.log.String(), `"invocation":"f526c39c-531c-4de7-ae31-ddfd8bfceafb"`)
			require.NotContains(t, s.log.String(), "secret value")
			status, _, _ = s.send(t, "POST", "/bulk", hello)
			require.Equal(t, 200, status, "the process still serves")
		})
	}
}

func TestAPanicOfTheAPIIsAnAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	status, header, body := s.send(t, "GET", "/api/panic", "")
	require.Equal(t, 500, status)
	require.Equal(t, "application/problem+json", header.Get("Content-Type"))
	require.Contains(t, body, `"code":"internal"`)
	status, _, _ = s.send(t, "GET", "/api/half", "")
	require.Zero(t, status, "an answer sent in half breaks off")
	require.NotContains(t, s.log.String(), "secret value")
}

func TestServe(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, port := range []string{"", "0", "65536", "-1", "http"} {
		_, err := Listen(t.Context(), port)
		require.ErrorContains(t, err, "not a port number", "port %q", port)
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	_, err = Listen(t.Context(), port)
	require.ErrorContains(t, err, "address already in use")
	require.NoError(t, ln.Close())

	ctx, stop := context.WithCancel(t.Context())
	h, err := Handler(program(http.NotFoundHandler(), nil), log)
	require.NoError(t, err)
	done := make(chan error, 1)
	ln, err = Listen(ctx, port)
	require.NoError(t, err)
	go func() { done <- Serve(ctx, ln, h, realClocks(), log) }()
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://127.0.0.1:" + port + "/")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, 5e9, 5e6)
	stop()
	require.ErrorIs(t, <-done, context.Canceled, "an end that was asked for is not a success either")
}

func TestAProgramThatLacksAPartIsRefused(t *testing.T) {
	t.Parallel()
	whole := program(http.NotFoundHandler(), nil)
	never := func(context.Context, []byte) error { return nil }
	for name, change := range map[string]func(*host.Program){
		"no API":                           func(p *host.Program) { p.API = nil },
		"no answer for an unknown address": func(p *host.Program) { p.NotFound = nil },
		"no answer after a panic":          func(p *host.Program) { p.Failed = nil },
		"a trigger without a job":          func(p *host.Program) { p.Triggers = map[string]host.Trigger{"wake": host.Timer(nil, time.Minute)} },
		"a trigger without a limit":        func(p *host.Program) { p.Triggers = map[string]host.Trigger{"wake": host.Timer(never, 0)} },
		"a trigger of unknown kind":        func(p *host.Program) { p.Triggers = map[string]host.Trigger{"wake": {}} },
	} {
		p := whole
		change(&p)
		_, err := Handler(p, slog.New(slog.DiscardHandler))
		require.Error(t, err, name)
	}
}
