package devhost

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const keyed = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","methods":["get"],"route":"keyed/{id:guid}"},{"type":"http","direction":"out","name":"res"}]}`

func web(t *testing.T, flags string, more ...func(*setup)) *testHost {
	t.Helper()
	s := setup{flags: flags, functions: map[string]string{"echo": echo, "keyed": keyed, "tick": timerFunction("0 0 0 1 1 *")}}
	for _, m := range more {
		m(&s)
	}
	return run(t, s)
}

// modes are the settings under which a row is to hold.
var modes = map[string]string{"forwarding": forwards, "proxying": proxies, "both": bothFlags}

func chunked(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} }

// The test sends the requests of the recordings as curl sent them.
func TestHTTPRequestsAreTheRecordedOnes(t *testing.T) {
	t.Parallel()
	type sent struct {
		method, target string
		body           io.Reader
		header         []string
	}
	curl := []string{"User-Agent", "curl/7.88.1", "Accept", "*/*"}
	many := append([]string{"X-Multi", "1", "X-Multi", "2", "Cookie", "a=b"}, curl...)
	for mode, cases := range map[string]map[string]sent{
		forwards: {
			"duplicate keys, + and %2B in the query, repeated header, cookie": {"GET", "/api/echo/a%20b/c?x=1&x=2&y=%2B+z", nil, append([]string{"Authorization", "Bearer t", "X-Forwarded-For", "9.9.9.9"}, many...)},
			"an escaped ..%2f path":              {"GET", "/api/echo/..%2f..%2fqok", nil, curl},
			"escaped slash, percent, non-ASCII":  {"GET", "/api/echo/%2Fx/%25/%E4%B8%96?q=%E4%B8%96", nil, curl},
			"5 MB body":                          {"POST", "/api/echo/big", bytes.NewReader(make([]byte, 5000000)), append([]string{"Content-Type", "application/octet-stream", "Expect", "100-continue"}, curl...)},
			"own 404":                            {"GET", "/api/echo/status404", nil, curl},
			"a streamed reply":                   {"GET", "/api/echo/stream", nil, curl},
			"a function key in header and query": {"GET", "/api/keyed/6f9619ff-8b86-d011-b42d-00c04fc964ff", nil, curl},
		},
		proxies: {
			"a body sent chunked": {"POST", "/api/echo/c", chunked(`{"a":1}`), append([]string{"Content-Type", "application/json"}, curl...)},
			"duplicate keys, + and %2B in the query, repeated header, cookie": {"GET", "/api/echo/a%20b/c?x=1&x=2&y=%2B+z", nil, append([]string{"X-Forwarded-For", "9.9.9.9", "X-Forwarded-Host", "evil"}, many...)},
			"a streamed reply":                   {"GET", "/api/echo/stream", nil, curl},
			"a function key in header and query": {"GET", "/api/keyed/6f9619ff-8b86-d011-b42d-00c04fc964ff?code=abc", nil, append([]string{"X-Functions-Key", "abc"}, curl...)},
			"own 404":                            {"GET", "/api/echo/status404", nil, curl},
			"sent as /api/echo/..%2f..%2fqok: the host escapes it once more": {"GET", "/api/echo/..%2f..%2fqok", nil, curl},
		},
	} {
		file := map[string]string{forwards: "http-forwarding.jsonl", proxies: "http-proxying.jsonl"}[mode]
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := web(t, mode)
			recorded := recordings(t, file)
			require.Len(t, cases, len(recorded), "every recording has its case")
			for name, c := range cases {
				before := len(w.all())
				w.do(c.method, c.target, c.body, c.header...)
				got := w.all()[before:]
				require.Len(t, got, 1, name)
				want := comparable(recorded[name], strings.NewReplacer())
				mine := comparable(got[0], strings.NewReplacer())
				if name == "5 MB body" {
					want.Body, mine.Body = "", ""
					require.EqualValues(t, 5000000, got[0].Length)
				}
				for _, header := range []map[string][]string{want.Header, mine.Header} {
					require.Len(t, header["Traceparent"], 1, name)
					require.Regexp(t, `^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`, header["Traceparent"][0])
					delete(header, "Traceparent")
				}
				if mode == forwards {
					require.Equal(t, strings.TrimPrefix(w.url, "http://"), got[0].Host, "the public host")
				} else {
					require.Equal(t, []string{strings.TrimPrefix(w.url, "http://")}, got[0].Header["X-Forwarded-Host"])
					require.NotEqual(t, strings.TrimPrefix(w.url, "http://"), got[0].Host, "the handler's own address")
				}
				require.Empty(t, cmp.Diff(want, mine), name)
			}
		})
	}
}

// Each row is one request and what came of it. The rows are those of the recordings' description.
func TestHTTPRows(t *testing.T) {
	t.Parallel()
	type row struct {
		method, target string
		body           func() io.Reader
		header         []string
		status         map[string]int    // by mode; the handler sees nothing where it is not 200
		uri            map[string]string // as the handler sees it
	}
	all := func(status int) map[string]int { return map[string]int{forwards: status, proxies: status} }
	same := func(uri string) map[string]string { return map[string]string{forwards: uri, proxies: uri} }
	rows := map[string]row{
		"a chunked body":                 {method: "POST", target: "/api/echo", body: func() io.Reader { return chunked("{}") }, status: map[string]int{forwards: 500, proxies: 200}},
		"two Content-Type headers":       {method: "POST", target: "/api/echo", body: func() io.Reader { return strings.NewReader("{}") }, header: []string{"Content-Type", "a/b", "Content-Type", "c/d"}, status: map[string]int{forwards: 500, proxies: 200}},
		"a body over 100 MB":             {method: "POST", target: "/api/echo", body: func() io.Reader { return bytes.NewReader(make([]byte, 128<<10)) }, status: all(500)},
		"an @, + and : that are escaped": {method: "GET", target: "/api/echo/a%40b.com%2B%3A%7E", uri: map[string]string{forwards: "/api/echo/a%40b.com%2B%3A%7E", proxies: "/api/echo/a@b.com+:~"}, status: all(200)},
		"an escaped ? and #":             {method: "GET", target: "/api/echo/%3F%23", uri: same("/api/echo/%3F%23"), status: all(200)},
		"the bare route":                 {method: "GET", target: "/api/echo", uri: same("/api/echo"), status: all(200)},
		"the bare route with a slash":    {method: "GET", target: "/api/echo/", uri: same("/api/echo/"), status: all(200)},
		"another case":                   {method: "GET", target: "/API/ECHO/X", uri: same("/API/ECHO/X"), status: all(200)},
		"a double slash":                 {method: "GET", target: "/api/echo//x", status: all(404)},
		"a NUL":                          {method: "GET", target: "/api/echo/%00", status: all(400)},
		"a path over 8 KB":               {method: "GET", target: "/api/echo/" + strings.Repeat("x", 8<<10), status: all(414)},
		"escaped dots":                   {method: "GET", target: "/api/echo/%2e%2e/%2e%2e/tick", status: all(404)},
		"a broken escape in the query":   {method: "GET", target: "/api/echo?x=%zz", uri: same("/api/echo?x=%25zz"), status: all(200)},
		"POST to a timer":                {method: "POST", target: "/tick", status: all(404)},
		"POST to a timer under api":      {method: "POST", target: "/api/tick", status: all(404)},
		"a 40 KB header":                 {method: "GET", target: "/api/echo", header: []string{"X-Long", strings.Repeat("x", 40<<10)}, status: all(431)},
		"a method that is not listed":    {method: "POST", target: "/api/keyed/6f9619ff-8b86-d011-b42d-00c04fc964ff", status: all(404)},
		"a constraint that is not met":   {method: "GET", target: "/api/keyed/7", status: all(404)},
		"no such route":                  {method: "GET", target: "/api/nothing", status: all(404)},
		"outside the prefix":             {method: "GET", target: "/echo", status: all(404)},
		"a body of POST without any":     {method: "POST", target: "/api/echo", header: []string{"Idempotency-Key", "k"}, status: all(200)},
	}
	for _, mode := range []string{forwards, proxies} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			// The limit is low because net/http reads 256 KB of a refused body, and only a client
			// whose body was read sees the answer.
			w := web(t, mode, func(s *setup) { s.tune = func(t *tuning) { t.maxBody = 64 << 10 } })
			for name, r := range rows {
				before := len(w.all())
				var body io.Reader
				if r.body != nil {
					body = r.body()
				}
				status, _, answer := w.do(r.method, r.target, body, r.header...)
				require.Equal(t, r.status[mode], status, name)
				seen := w.all()[before:]
				if status != 200 {
					require.Empty(t, seen, name)
					require.Empty(t, answer, "%s: the host's own answers have no body", name)
					continue
				}
				require.Len(t, seen, 1, name)
				if r.uri != nil {
					require.Equal(t, r.uri[mode], seen[0].URI, name)
				}
			}
		})
	}
}

func TestHTTPHeaders(t *testing.T) {
	t.Parallel()
	forged := []string{
		"X-MS-CLIENT-PRINCIPAL", "p", "x-api-key", "k", "x-functions-key", "f", "X-Forwarded-For", "9.9.9.9", "X-Forwarded-Host", "evil", "X-Forwarded-Proto", "https",
		"X-Azure-Functions-InvocationId", "forged", "X-Ms-Invocation-Id", "forged", "Content-Encoding", "gzip", "Content-Type", "text/plain",
		"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := web(t, mode)
			w.do("POST", "/api/echo?code=c", strings.NewReader("x"), forged...)
			r := w.requests("/api/echo")[0]
			get := http.Header(r.Header).Get
			for _, kept := range []string{"X-Ms-Client-Principal", "X-Api-Key", "X-Functions-Key"} {
				require.NotEmpty(t, get(kept), kept)
			}
			require.Equal(t, "/api/echo?code=c", r.URI)
			require.NotEqual(t, "forged", get("X-Azure-Functions-InvocationId"))
			require.Equal(t, "https", get("X-Forwarded-Proto"), "a forged one stays")
			require.Regexp(t, "^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$", get("Traceparent"))
			require.NotContains(t, get("Traceparent"), "b7ad6b7169203331")
			if mode == forwards {
				require.Equal(t, "9.9.9.9", get("X-Forwarded-For"))
				require.Empty(t, get("Content-Encoding"))
				return
			}
			require.Equal(t, "127.0.0.1", get("X-Forwarded-For"))
			require.NotEqual(t, "evil", get("X-Forwarded-Host"))
			require.Equal(t, "gzip", get("Content-Encoding"))
			require.Equal(t, get("X-Azure-Functions-InvocationId"), get("X-Ms-Invocation-Id"))
			require.Equal(t, r.Host, w.requests("/api/echo")[0].Host)
		})
	}
}

func TestAnswersArePassedOn(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := web(t, mode)
			status, header, body := w.do("GET", "/api/echo/status404", nil)
			require.Equal(t, 404, status)
			require.Equal(t, "own 404", body)
			require.Equal(t, "text/plain", header.Get("Content-Type"))
			status, header, _ = w.do("GET", "/api/echo/redirect", nil)
			require.Equal(t, 302, status)
			require.Equal(t, "/elsewhere", header.Get("Location"))
			_, header, _ = w.do("GET", "/api/echo/cookies", nil)
			require.Equal(t, []string{"a=1", "b=2"}, header["Set-Cookie"])
			status, header, body = w.do("HEAD", "/api/echo/x", nil)
			require.Equal(t, 200, status)
			require.Equal(t, "application/json", header.Get("Content-Type"))
			require.Empty(t, body)
			w.until("all are over", func() bool { return len(w.workers()[0].Invocations) == 0 })
		})
	}
}

// Forwarding holds a streamed answer back and sends it as one. Proxying passes each part at once.
func TestStreams(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := web(t, mode)
			proceed := func() {
				status, _, _ := w.do("GET", "/api/echo/on", nil)
				require.Equal(t, http.StatusOK, status)
			}
			answers := make(chan *http.Response, 1)
			go func() {
				defer close(answers)
				if resp, err := http.Get(w.url + "/api/echo/held"); err == nil {
					answers <- resp
				}
			}()
			w.until("begun", func() bool { return len(w.requests("/api/echo/held")) == 1 })
			if mode == forwards {
				require.Empty(t, answers, "the first part is written, the answer not over")
				proceed()
			}
			resp := <-answers
			require.NotNil(t, resp)
			defer resp.Body.Close()
			lines, n := bufio.NewScanner(resp.Body), 1
			require.True(t, lines.Scan())
			length := int64(25)
			if mode != forwards {
				length = -1
				proceed() // only now does the handler write the rest
			}
			for lines.Scan() {
				n++
			}
			require.NoError(t, lines.Err())
			require.Equal(t, 5, n)
			require.Equal(t, length, resp.ContentLength)
		})
	}
}

// When a handler exits with 1 during a request, the caller gets 500 without a body and a new
// process is started. Under proxying a GET is sent again.
func TestAHandlerThatExitsDuringARequest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		mode, method   string
		sent, restarts int
		stops          bool
	}{
		"POST under proxying":   {proxies, "POST", 1, 1, false},
		"POST under forwarding": {forwards, "POST", 1, 1, false},
		"GET under forwarding":  {forwards, "GET", 1, 1, false},
		"GET under proxying":    {proxies, "GET", 3, 2, true},
		"GET under both":        {bothFlags, "GET", 3, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := web(t, tc.mode)
			status, _, body := w.do(tc.method, "/api/echo/exit1", nil, "Idempotency-Key", "k")
			require.Equal(t, 500, status)
			require.Empty(t, body)
			require.Len(t, w.requests("/api/echo/exit1"), tc.sent)
			if tc.stops {
				<-w.done
				require.ErrorIs(t, w.stop(), errStopped)
				require.Contains(t, w.log.String(), "Exceeded http worker restart retry count")
			} else {
				status, _, _ = w.do("GET", "/api/echo", nil)
				require.Equal(t, 200, status)
			}
			require.Len(t, w.starts(), 1+tc.restarts)
		})
	}
}

// When a handler exits with 0, the caller gets 500, no process is started, and all later
// requests get 500.
func TestAHandlerThatExitsWithZero(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := web(t, mode)
			for range 3 {
				status, _, body := w.do("POST", "/api/echo/exit0", strings.NewReader("{}"))
				require.Equal(t, 500, status)
				require.Empty(t, body)
			}
			status, _, _ := w.do("GET", "/api/echo", nil)
			require.Equal(t, 500, status)
			require.Len(t, w.starts(), 1)
			require.Equal(t, string(dangling), w.workers()[0].State)
			require.Contains(t, w.log.String(), "exited with 0")
		})
	}
}

func TestAnHTTPRequestHasALimitToo(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := web(t, mode, func(s *setup) { s.host = `"functionTimeout":"00:00:01"` })
			status, _, body := w.do("GET", "/api/echo/slow", nil)
			require.Equal(t, 500, status)
			require.Empty(t, body)
			w.until("a new process", func() bool { return len(w.starts()) == 2 })
			require.Len(t, w.requests("/api/echo/slow"), 1)
			require.NotContains(t, w.log.String(), "The handler exited.")
		})
	}
}

func TestHTTPIsSpreadOverTheWorkers(t *testing.T) {
	t.Parallel()
	w := web(t, proxies, func(s *setup) { s.workers = 3 })
	pids := map[int]int{}
	for i := range 9 {
		status, _, _ := w.do("GET", fmt.Sprintf("/api/echo/%d", i), nil)
		require.Equal(t, 200, status)
	}
	for _, r := range w.all() {
		if r.Event == "request" {
			pids[r.PID]++
		}
	}
	require.Len(t, pids, 3)
	for _, n := range pids {
		require.Equal(t, 3, n)
	}
}

func TestAdminCalls(t *testing.T) {
	t.Parallel()
	w := web(t, proxies)
	for name, tc := range map[string]struct {
		method, target, body, contentType string
		status                            int
	}{
		"home page":                 {"GET", "/", "", "", 200},
		"ping":                      {"GET", "/admin/host/ping", "", "", 200},
		"ping by POST":              {"POST", "/admin/host/ping", "", "", 200},
		"a function without a body": {"POST", "/admin/functions/tick", "", "application/json", 400},
		"a function without JSON":   {"POST", "/admin/functions/tick", "{}", "text/plain", 415},
		"an HTTP function":          {"POST", "/admin/functions/echo", "{}", "application/json", 400},
		"an unknown function":       {"POST", "/admin/functions/nothing", "{}", "application/json", 404},
		"an unknown call":           {"GET", "/admin/host/keys", "", "", 404},
	} {
		var header []string
		if tc.contentType != "" {
			header = []string{"Content-Type", tc.contentType}
		}
		status, _, _ := w.do(tc.method, tc.target, strings.NewReader(tc.body), header...)
		require.Equal(t, tc.status, status, name)
	}
	_, _, body := w.do("GET", "/admin/host/status", nil)
	require.Contains(t, body, `"state":"Running"`)
	require.Contains(t, body, w.prefix)
	require.Empty(t, w.requests("/tick"))
}

// A caller that hangs up ends its invocation under proxying.
func TestACallerThatHangsUp(t *testing.T) {
	t.Parallel()
	w := web(t, proxies)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	_, err = io.WriteString(conn, "GET /api/echo/slow HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	w.until("in flight", func() bool {
		return len(w.workers()[0].Invocations) == 1 && len(w.requests("/api/echo/slow")) == 1
	})
	require.NoError(t, conn.Close())
	w.until("over", func() bool { return len(w.workers()[0].Invocations) == 0 })
}
