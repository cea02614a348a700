package devhost

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// The test binary is also the handler: started by the dev host, it records what it gets and
// answers as the path says.
func TestMain(m *testing.M) {
	if os.Getenv("DEVHOST_TEST_RECORD") != "" {
		recorder()
	}
	os.Exit(m.Run())
}

// record is one line of the recorder, in the form of testdata.
type record struct {
	Case, Event, Method, URI, Path, Host string
	Length                               int64
	TE                                   []string
	Header                               map[string][]string
	Body                                 string
	Env, Args                            []string
	Cwd, Signal                          string
	PID                                  int
}

func recorder() {
	file, err := os.OpenFile(os.Getenv("DEVHOST_TEST_RECORD"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		os.Exit(1)
	}
	write := func(r record) {
		r.PID = os.Getpid()
		line, _ := json.Marshal(r)
		_, _ = file.Write(append(line, '\n'))
	}
	cwd, _ := os.Getwd()
	write(record{Event: "start", Env: os.Environ(), Args: os.Args, Cwd: cwd})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	go func() {
		for s := range signals {
			write(record{Event: "signal", Signal: s.String()})
		}
	}()
	if os.Getenv("DEVHOST_TEST_DEAF") != "" {
		select {}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.WriteHeader(http.StatusTeapot) // any answer shows that it runs
			return
		}
		body, _ := io.ReadAll(r.Body)
		shown := string(body)
		if len(body) > 4096 {
			shown = "long"
		}
		write(record{Event: "request", Method: r.Method, URI: r.RequestURI, Path: r.URL.Path, Host: r.Host, Length: r.ContentLength, TE: r.TransferEncoding, Header: r.Header, Body: shown})
		answer(w, r, string(body))
	})
	_ = http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), handler)
	os.Exit(1)
}

// answer does what the last segment of the path asks for. The recorder of testdata did the same.
func answer(w http.ResponseWriter, r *http.Request, body string) {
	asked := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	reply := func(status int, contentType, text string) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	switch {
	case asked == "qlogs":
		reply(200, "application/json", `{"Logs":["a line of Logs"],"Outputs":{},"ReturnValue":null}`)
	case asked == "qtext":
		reply(200, "text/plain", "ok")
	case asked == "qfail":
		reply(500, "application/json", `{"a":1}`)
	case asked == "qempty":
		w.WriteHeader(http.StatusOK)
	case asked == "qanswer": // the message says how
		reply(200, "application/json; charset=utf-8", strings.ReplaceAll(between(body, "<", ">"), "'", `"`))
	case asked == "qslow", asked == "slow":
		<-r.Context().Done()
	case asked == "qexit", asked == "exit1":
		os.Exit(1)
	case asked == "exit0":
		os.Exit(0)
	case asked == "status404":
		reply(404, "text/plain", "own 404")
	case asked == "redirect":
		w.Header().Set("Location", "/elsewhere")
		reply(302, "", "")
	case asked == "cookies":
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		reply(200, "text/plain", "")
	case asked == "stream":
		for range 5 {
			part(w)
		}
	case asked == "held": // a stream that stops after its first part until "on" is asked for
		part(w)
		select {
		case <-heldBack:
		case <-r.Context().Done():
		}
		for range 4 {
			part(w)
		}
	case asked == "on":
		goOn()
		reply(200, "text/plain", "")
	case asked == "pid":
		reply(200, "text/plain", os.Getenv("FUNCTIONS_CUSTOMHANDLER_WORKER_ID"))
	case asked == "print":
		_, _ = io.WriteString(os.Stdout, "to stdout\n")
		_, _ = io.WriteString(os.Stderr, "a Warning\nan error\n")
		reply(200, "text/plain", "")
	default:
		reply(200, "application/json", "{}")
	}
}

// heldBack is closed, by goOn, when the process may finish its held streams.
var (
	heldBack = make(chan struct{})
	goOn     = sync.OnceFunc(func() { close(heldBack) })
)

func part(w http.ResponseWriter) {
	_, _ = io.WriteString(w, "part\n")
	w.(http.Flusher).Flush()
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// testHost is one running dev host.
type testHost struct {
	t       testing.TB
	url     string
	prefix  string // of queues, and the host id
	log     *logged
	records string
	storage string
	stop    func() error // ends the host and returns what Run did; safe to call twice
	done    chan struct{}
}

// setup is what differs between hosts.
type setup struct {
	flags     string // members of customHandler, such as `"enableProxyingHttpRequest":true`
	host      string // further members of host.json
	functions map[string]string
	workers   int
	env       []string
	prefix    string // of an earlier host whose state is to be found again
	restart   bool
	tune      func(*tuning)
	noReady   bool
}

const (
	bothFlags = `"enableForwardingHttpRequest":true,"enableProxyingHttpRequest":true`
	forwards  = `"enableForwardingHttpRequest":true`
	proxies   = `"enableProxyingHttpRequest":true`
	echo      = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","route":"echo/{*path}"},{"type":"http","direction":"out","name":"res"}]}`
)

func queueFunction(name, more string) string {
	return `{"bindings":[{"type":"queueTrigger","direction":"in","name":"msg","queueName":"%PREFIX%` + name + `","connection":"AzureWebJobsStorage"` + more + `}]}`
}

func timerFunction(schedule string) string {
	return `{"bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"` + schedule + `"}]}`
}

// folder writes an app folder whose program is this test binary.
func folder(t testing.TB, s setup) string {
	t.Helper()
	dir := t.TempDir()
	exe, err := os.Executable()
	require.NoError(t, err)
	flags := s.flags
	if flags == "" {
		flags = bothFlags
	}
	host := s.host
	if host == "" {
		host = `"functionTimeout":"00:01:00","extensions":{"queues":{"messageEncoding":"none","maxDequeueCount":3,"visibilityTimeout":"00:00:01","maxPollingInterval":"00:00:00.2"}}`
	}
	write(t, filepath.Join(dir, "host.json"), `{"version":"2.0",`+host+`,"customHandler":{"description":{"defaultExecutablePath":"`+exe+`"},`+flags+`}}`)
	for name, text := range s.functions {
		write(t, filepath.Join(dir, name, "function.json"), strings.ReplaceAll(text, "%PREFIX%", s.prefix))
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// run starts a host and waits until its handlers answer.
func run(t testing.TB, s setup) *testHost {
	t.Helper()
	if s.prefix == "" {
		s.prefix = azurite.Prefix(t)
	}
	w := &testHost{t: t, prefix: s.prefix, log: &logged{}, records: filepath.Join(t.TempDir(), "records"), storage: azurite.Shared(t).ConnectionString, done: make(chan struct{})}
	tune := standard()
	tune.killDelay, tune.hostRestart, tune.lockRetry = 50*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond
	if s.tune != nil {
		s.tune(tune)
	}
	ready := make(chan string, 1)
	opts := Options{
		App: folder(t, s), Workers: s.workers, Storage: w.storage, RestartHost: s.restart, tuning: tune,
		Env:   append([]string{"DEVHOST_TEST_RECORD=" + w.records, "AzureFunctionsWebHost__hostid=" + s.prefix}, s.env...),
		Log:   slog.New(slog.NewJSONHandler(w.log, nil)),
		Ready: ready,
	}
	ctx, cancel := context.WithCancel(context.Background())
	var result error
	go func() { defer close(w.done); result = Run(ctx, opts) }()
	w.stop = func() error { cancel(); <-w.done; return result }
	t.Cleanup(func() {
		_ = w.stop()
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	if s.noReady {
		return w
	}
	select {
	case w.url = <-ready:
	case <-w.done:
		require.NoError(t, result, "the host ended")
	case <-time.After(30 * time.Second):
		require.Fail(t, "not ready", w.log.String())
	}
	return w
}

// all are the records so far.
func (w *testHost) all() []record {
	b, err := os.ReadFile(w.records)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(w.t, err)
	return parseRecords(w.t, b[:bytes.LastIndexByte(b, '\n')+1]) // a line may be half written
}

func parseRecords(t testing.TB, b []byte) []record {
	t.Helper()
	var out []record
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		out = append(out, r)
	}
	require.NoError(t, lines.Err())
	return out
}

// requests are the recorded requests for a path.
func (w *testHost) requests(path string) []record {
	var out []record
	for _, r := range w.all() {
		if r.Event == "request" && r.Path == path {
			out = append(out, r)
		}
	}
	return out
}

// starts are the processes so far.
func (w *testHost) starts() []record {
	var out []record
	for _, r := range w.all() {
		if r.Event == "start" {
			out = append(out, r)
		}
	}
	return out
}

// until polls for half a minute, since other tests share the two cores.
func (w *testHost) until(what string, ok func() bool) {
	w.t.Helper()
	require.Eventually(w.t, ok, 30*time.Second, 10*time.Millisecond, what)
}

func (w *testHost) queue(name string) *azqueue.QueueClient {
	w.t.Helper()
	service, err := queueService(w.storage, 3, tryLimit)
	require.NoError(w.t, err)
	return service.NewQueueClient(w.prefix + name)
}

func (w *testHost) send(name string, texts ...string) {
	w.t.Helper()
	q := w.queue(name)
	if _, err := q.Create(context.Background(), nil); err != nil && !answered(err, http.StatusConflict) {
		require.NoError(w.t, err)
	}
	for _, text := range texts {
		_, err := q.EnqueueMessage(context.Background(), text, nil)
		require.NoError(w.t, err)
	}
}

// visible is how many messages of a queue could be received now.
func (w *testHost) visible(name string) int {
	w.t.Helper()
	most := int32(32)
	resp, err := w.queue(name).PeekMessages(context.Background(), &azqueue.PeekMessagesOptions{NumberOfMessages: &most})
	require.NoError(w.t, err)
	return len(resp.Messages)
}

// left is how many messages a queue holds, invisible ones included.
func (w *testHost) left(name string) int {
	w.t.Helper()
	props, err := w.queue(name).GetProperties(context.Background(), nil)
	if answered(err, http.StatusNotFound) {
		return 0
	}
	require.NoError(w.t, err)
	return int(*props.ApproximateMessagesCount)
}

// do sends a request and returns status, header and body.
func (w *testHost) do(method, target string, body io.Reader, header ...string) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, w.url+target, body)
	require.NoError(w.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	// A server that is asked to close the connection would do so with a refused body unread,
	// and a client that still sends would see no answer.
	client := &http.Client{CheckRedirect: noRedirect, Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, resp.Header, string(answer)
}

func (w *testHost) workers() []Worker {
	_, _, body := w.do("GET", "/admin/devhost/workers", nil)
	var out []Worker
	require.NoError(w.t, json.Unmarshal([]byte(body), &out))
	return out
}

func (w *testHost) kill(pid int) { require.NoError(w.t, syscall.Kill(pid, syscall.SIGKILL)) }

// logged is a log that can be read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
