package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/cli"
)

const people = "email,actions\na@contoso.example,export\nb@contoso.example,export\n\"c\n\",export\n"

func TestSubmitSendsTheFileAsItIs(t *testing.T) {
	t.Parallel()
	type seen struct{ url, key, media, body string }
	var mu sync.Mutex
	var got []seen
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		b, _ := io.ReadAll(r.Body)
		got = append(got, seen{r.Method + " " + r.URL.String(), r.Header.Get("Idempotency-Key"), r.Header.Get("Content-Type"), string(b)})
		if len(got) == 1 { // the first answer is lost
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprintf(w, `{"id":%q,"reference":"r-1","state":"received"}`, bulkID)
	}))
	t.Cleanup(srv.Close)
	file := write(t, "people.csv", people)
	const tenant = "11111111-1111-1111-1111-111111111111"
	first := run(t, srv, cli.Options{}, "submit", file, "--tenant", tenant, "--reference", "r-1")
	require.Equal(t, cli.ExitDone, first.code, first.err)
	golden(t, "submit.txt", first.out)
	require.Equal(t, 1, first.pauses)
	asJSON := run(t, srv, cli.Options{}, "submit", file, "--tenant", tenant, "--reference", "r-1", "--json")
	require.True(t, json.Valid([]byte(asJSON.out)))

	require.Len(t, got, 3)
	require.Equal(t, "POST /api/bulk?reference=r-1&tenant="+tenant, got[0].url)
	require.Equal(t, people, got[1].body)
	require.Equal(t, "text/csv", got[1].media)
	require.Regexp(t, "^[0-9a-f]{64}$", got[0].key)
	require.Equal(t, got[0].key, got[1].key, "the same submission")
	require.Equal(t, got[0].key, got[2].key, "the same submission")

	other := run(t, srv, cli.Options{}, "submit", write(t, "Märchen (1).ndjson", "{}\n"))
	require.Equal(t, cli.ExitDone, other.code, other.err)
	require.Regexp(t, `^POST /api/bulk\?reference=M-rchen-1-[0-9a-f]{12}$`, got[3].url)
	require.NotEqual(t, got[0].key, got[3].key)
}

func bulkJSON(state string, lines, accepted, duplicate, rejected int) string {
	return fmt.Sprintf(`{"id":%q,"reference":"r-1","state":%q,"lines":%d,"accepted":%d,"duplicate":%d,"rejected":%d}`,
		bulkID, state, lines, accepted, duplicate, rejected)
}

func stateOf(state string) string { return fmt.Sprintf(`{"state":%q}`, state) }

func TestWatchStaysUntilEveryLineHasEnded(t *testing.T) {
	t.Parallel()
	srv := serve(t, map[string][]string{
		"POST /api/bulk":                       {bulkJSON("received", 0, 0, 0, 0)},
		"GET /api/bulk/" + bulkID:              {bulkJSON("importing", 1, 1, 0, 0), "!503 unavailable", "cut", bulkJSON("completed", 5, 3, 1, 1)},
		"GET /api/bulk/" + bulkID + "/results": {`{"line":1,"status":"accepted","id":"r1"}` + "\n" + `{"line":2,"status":"accepted","id":"r2"}` + "\n" + `{"line":3,"status":"rejected","code":"no-identifier"}` + "\n" + `{"line":4,"status":"accepted","id":"r3"}` + "\n" + `{"line":5,"status":"duplicate","id":"r1"}` + "\n"},
		"GET /api/requests/r1":                 {stateOf("discovering"), stateOf("fulfilling"), stateOf("completed")},
		"GET /api/requests/r2":                 {stateOf("completed")},
		"GET /api/requests/r3":                 {stateOf("assembling"), stateOf("waiting")},
	})
	file := write(t, "people.csv", people)
	got := run(t, srv, cli.Options{}, "submit", file, "--watch", "--reference", "r-1")
	require.Equal(t, cli.ExitFailed, got.code)
	golden(t, "watch.out.txt", got.out)
	golden(t, "watch.err.txt", got.err)
	got = run(t, srv, cli.Options{}, "submit", file, "--watch", "--json")
	golden(t, "watch.json", got.out)
}

func TestWatchedListsEnd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		bulk, results, request string
		code                   int
		says                   string
	}{
		"all completed":       {bulkJSON("completed", 1, 1, 0, 0), `{"line":1,"status":"accepted","id":"r1"}`, "completed", cli.ExitDone, "1 completed"},
		"there before":        {bulkJSON("completed", 1, 0, 1, 0), `{"line":1,"status":"duplicate","id":"r1"}`, "completed", cli.ExitDone, "1 were there before"},
		"one failed":          {bulkJSON("completed", 1, 1, 0, 0), `{"line":1,"status":"accepted","id":"r1"}`, "failed", cli.ExitFailed, "1 failed"},
		"one cancelled":       {bulkJSON("completed", 1, 1, 0, 0), `{"line":1,"status":"accepted","id":"r1"}`, "cancelled", cli.ExitFailed, "1 cancelled"},
		"one to be decided":   {bulkJSON("completed", 1, 1, 0, 0), `{"line":1,"status":"accepted","id":"r1"}`, "needs-decision", cli.ExitFailed, "1 waiting"},
		"all rejected":        {bulkJSON("completed", 1, 0, 0, 1), "", "", cli.ExitFailed, "1 rejected"},
		"the import failed":   {`{"id":"` + bulkID + `","state":"failed","failure":{"code":"csv","detail":"the header"}}`, "", "", cli.ExitFailed, "the import failed: the header"},
		"the result is cut":   {bulkJSON("completed", 1, 1, 0, 0), `{"line":1,"sta`, "", cli.ExitUnreachable, "cannot be read"},
		"the key was revoked": {"!401 wrong-key", "", "", cli.ExitFailed, "wrong-key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, map[string][]string{
				"POST /api/bulk": {bulkJSON("received", 0, 0, 0, 0)}, "GET /api/bulk/" + bulkID: {tc.bulk},
				"GET /api/bulk/" + bulkID + "/results": {tc.results}, "GET /api/requests/r1": {stateOf(tc.request)},
			})
			got := run(t, srv, cli.Options{}, "submit", write(t, "p.ndjson", "{}\n"), "--watch")
			require.Equal(t, tc.code, got.code, got.all())
			require.Contains(t, got.all(), tc.says)
		})
	}
}

// A list of n lines costs about n calls, however slowly its requests end.
func TestWatchingALongListIsCheap(t *testing.T) {
	t.Parallel()
	const n = 1000
	var results strings.Builder
	for i := range n {
		fmt.Fprintf(&results, "{\"line\":%d,\"status\":\"accepted\",\"id\":\"r%d\"}\n", i+1, i)
	}
	var mu sync.Mutex
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/results"):
			_, _ = io.WriteString(w, results.String())
		case strings.HasPrefix(path, "/api/requests/"):
			calls++
			var i int
			_, _ = fmt.Sscanf(path, "/api/requests/r%d", &i)
			state := "fulfilling"
			if i < calls { // they end in order, one for each look
				state = "completed"
			}
			_, _ = io.WriteString(w, stateOf(state))
		default:
			_, _ = io.WriteString(w, bulkJSON("completed", n, n, 0, 0))
		}
	}))
	t.Cleanup(srv.Close)
	got := run(t, srv, cli.Options{}, "submit", write(t, "p.ndjson", "{}\n"), "--watch")
	require.Equal(t, cli.ExitDone, got.code, got.err)
	require.Less(t, calls, 3*n)
}
