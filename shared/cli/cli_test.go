package cli_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/cli"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	key    = "canary-key"
	bulkID = "aaaaaaaa-0000-0000-0000-000000000001"
)

// outcome is what a person at the terminal gets.
type outcome struct {
	code     int
	out, err string
	pauses   int
}

func (o outcome) all() string { return o.out + o.err }

// noKey stands for an environment without a key.
const noKey = "none"

// counted waits for nothing and counts.
type counted struct{ pauses int }

func (c *counted) Wait(ctx context.Context, _ time.Duration) error {
	c.pauses++
	return ctx.Err()
}

// run runs a command line against a server without waiting for real.
func run(t *testing.T, srv *httptest.Server, o cli.Options, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	var got outcome
	o.Version, o.Out, o.Err = "1.2.3", &out, &errs
	switch {
	case o.Key == noKey:
		o.Key = ""
	case srv != nil:
		o.URL, o.Key = srv.URL, key
	default:
		o.Key = key
	}
	waiter := &counted{}
	o.Waiter = waiter
	got.code = cli.Run(t.Context(), o, args)
	got.pauses = waiter.pauses
	got.out, got.err = out.String(), errs.String()
	require.NotContains(t, got.all(), key, "the key is never printed")
	return got
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// serve answers each "METHOD /path" with its answers in order, the last one for ever.
func serve(t *testing.T, answers map[string][]string) *httptest.Server {
	t.Helper()
	seen := map[string]int{}
	lock := make(chan struct{}, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock <- struct{}{}
		defer func() { <-lock }()
		if r.Header.Get("X-Api-Key") != key || strings.Contains(r.URL.String(), key) {
			http.Error(w, "no", http.StatusTeapot)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		what := r.Method + " " + r.URL.Path
		list, ok := answers[what]
		if !ok {
			problem(w, http.StatusNotFound, "not-found", "there is no such thing")
			return
		}
		n := min(seen[what], len(list)-1)
		seen[what]++
		if status, ok := strings.CutPrefix(list[n], "!"); ok {
			problem(w, map[string]int{"503": 503, "401": 401, "409": 409}[status[:3]], status[4:], "the detail of "+status[4:])
			return
		}
		if list[n] == "cut" {
			panic(http.ErrAbortHandler)
		}
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = io.WriteString(w, list[n])
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	return srv
}

func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"type":"about:blank","title":"x","status":0,"code":"`+code+`","detail":"`+detail+`"}`)
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	got := run(t, nil, cli.Options{}, "version")
	require.Equal(t, outcome{out: "1.2.3\n"}, got)
	for _, name := range []string{"", "submit", "status", "verify", "check"} {
		got := run(t, nil, cli.Options{}, append(strings.Fields(name), "--help")...)
		require.Equal(t, cli.ExitDone, got.code)
		golden(t, "help"+name+".txt", got.out)
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	good := write(t, "people.ndjson", "{}\n")
	for name, tc := range map[string]struct {
		args []string
		key  string
		says string
	}{
		"an unknown command":          {args: []string{"explode"}, says: "unknown command"},
		"an unknown flag":             {args: []string{"submit", "--explode"}, says: "unknown flag"},
		"no file":                     {args: []string{"submit"}, says: "accepts 1 arg"},
		"a file that is not there":    {args: []string{"submit", "nowhere.csv"}, says: "no such file"},
		"another ending":              {args: []string{"submit", "people.xlsx"}, says: "must end with"},
		"an empty file":               {args: []string{"submit", write(t, "e.csv", "")}, says: "empty"},
		"a directory":                 {args: []string{"submit", t.TempDir() + "/x.csv/.."}, says: "must end with"},
		"a bad header":                {args: []string{"submit", write(t, "h.csv", "canary\n1\n")}, says: "column 1 of the header is unknown"},
		"UTF-16":                      {args: []string{"submit", write(t, "h.ndjson", "\xff\xfe{\x00}\x00")}, says: "not UTF-8"},
		"a reference with a slash":    {args: []string{"submit", good, "--reference", "a/b"}, says: "--reference"},
		"a malformed tenant id":       {args: []string{"submit", good, "--tenant", "contoso"}, says: "--tenant"},
		"no key":                      {args: []string{"submit", good, "--url", "https://rightsdesk.example.com"}, key: noKey, says: "no API key"},
		"a key in the clear":          {args: []string{"submit", good, "--url", "http://rightsdesk.example.com"}, says: "in the clear"},
		"a malformed address":         {args: []string{"submit", good, "--url", "rightsdesk"}, says: "not an address"},
		"an address of another kind":  {args: []string{"status", bulkID, "--url", "ftp://localhost"}, says: "not an address"},
		"a malformed id":              {args: []string{"status", "Canary"}, says: "not an id"},
		"an id in capitals":           {args: []string{"status", strings.ToUpper(bulkID)}, says: "not an id"},
		"an argument too many, check": {args: []string{"check", "x"}, says: "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, cli.Options{Key: tc.key}, tc.args...)
			require.Equal(t, cli.ExitUsage, got.code)
			require.Contains(t, got.err, tc.says)
			require.NotContains(t, strings.ToLower(got.err), "canary")
		})
	}
}

const requestJSON = `{"id":"bbbbbbbb-0000-0000-0000-000000000001","tenant":"t","state":"waiting","actions":["export"],"regime":"gdpr",
"receivedAt":"2026-01-02T03:04:05Z","dueAt":"2026-02-02T03:04:05Z","tasks":[{"id":"entra-export","outcome":{"code":"done"}},
{"id":"paper-export","outcome":{"code":"manual","reason":"Ask the archive."}},{"id":"x-export","outcome":"failed"},{"id":"y-export"}],
"package":{"state":"ready","bytes":12,"sha256":"00","expiresAt":"2026-03-02T03:04:05Z"}}`

func TestStatus(t *testing.T) {
	t.Parallel()
	const id = "bbbbbbbb-0000-0000-0000-000000000001"
	srv := serve(t, map[string][]string{
		"GET /api/requests/" + id: {requestJSON},
		"GET /api/bulk/" + bulkID: {`{"id":"` + bulkID + `","reference":"r-1","state":"failed","lines":0,"failure":{"code":"unknown-column","detail":"column 1"}}`},
	})
	golden(t, "status-request.txt", run(t, srv, cli.Options{}, "status", id).out)
	golden(t, "status-bulk.txt", run(t, srv, cli.Options{}, "status", bulkID).out)
	got := run(t, srv, cli.Options{}, "status", id, "--json")
	require.JSONEq(t, requestJSON, got.out)

	got = run(t, srv, cli.Options{}, "status", "cccccccc-0000-0000-0000-000000000001")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.err, "there is no such thing (not-found, HTTP 404)")
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(nil)
	srv.Close()
	got := run(t, srv, cli.Options{}, "status", bulkID)
	require.Equal(t, cli.ExitUnreachable, got.code)
	require.Contains(t, got.err, "no answer from 127.0.0.1")
	require.Greater(t, got.pauses, 5, "it is tried again")

	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadRequest) }))
	t.Cleanup(other.Close)
	got = run(t, other, cli.Options{}, "status", bulkID)
	require.Equal(t, cli.ExitUnreachable, got.code)
	require.Contains(t, got.err, "not one of Rightsdesk")
}

func TestAKeyDoesNotFollowARedirection(t *testing.T) {
	t.Parallel()
	leaked := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked = true }))
	t.Cleanup(thief.Close)
	srv := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(srv.Close)
	got := run(t, srv, cli.Options{}, "status", bulkID)
	require.Equal(t, cli.ExitUnreachable, got.code)
	require.False(t, leaked)
}
