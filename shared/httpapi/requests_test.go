package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func TestARequestIsTakenInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := submission(map[string]any{"actions": []any{"access", "export"}, "systems": nil, "reference": "canary-4711", "note": "canary"})
	r := w.ask("POST", "/api/requests", "admin", body, "Idempotency-Key: k1")
	require.Equal(t, http.StatusAccepted, r.status, r.body)
	got := r.json(t)
	id := got["id"].(string)
	require.Equal(t, "/api/requests/"+id, r.header.Get("Location"))
	require.Equal(t, "received", got["state"])
	require.Equal(t, "2026-04-30T09:30:00Z", got["dueAt"])
	require.Equal(t, []any{"entra", "logs", "paper"}, got["systems"])
	var tasks []string
	for _, task := range got["tasks"].([]any) {
		m := task.(map[string]any)
		tasks = append(tasks, fmt.Sprintf("%s %s %v", m["id"], m["state"], m["outcome"]))
	}
	require.Equal(t, []string{
		"entra-access open <nil>", "entra-export open <nil>", "logs-access ended refused", "logs-export open <nil>",
		"paper-access waiting manual", "paper-export waiting manual",
	}, tasks, "discoveries and the package are not shown")
	require.NotContains(t, r.body, "canary")

	again := w.ask("POST", "/api/requests", "admin", " "+body, "Idempotency-Key: k1")
	require.Equal(t, http.StatusAccepted, again.status)
	require.JSONEq(t, r.body, again.body, "the same key and body make the same request")
	other := w.ask("POST", "/api/requests", "admin", submission(nil), "Idempotency-Key: k1")
	require.Equal(t, http.StatusConflict, other.status)
	require.Equal(t, "idempotency-conflict", other.json(t)["code"])
	elsewhere := w.ask("POST", "/api/requests", "both", body, "Idempotency-Key: k1")
	require.NotEqual(t, id, elsewhere.json(t)["id"], "a key is its caller's own")

	n, err := w.Store.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.EqualValues(t, 4, n, "two discoveries of two requests")
}

func TestStorageCallsOfASubmission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit("admin", "j", nil) // reads or makes the key of the hour
	w.Counter.Reset()
	w.submit("admin", "k", nil)
	require.LessOrEqual(t, w.Counter.Total(), 4)
}

func TestAQueueThatIsDownDoesNotLoseTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Is("queue", "") }, Action: storetest.Throttled})
	id := w.submit("admin", "k", nil)
	c := w.load(id)
	require.Contains(t, c.Wakes, retention.WakeRedeliver)
}

func TestReadingARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	r := w.ask("GET", "/api/requests/"+id, "reader", "")
	require.Equal(t, http.StatusOK, r.status)
	tag := r.header.Get("ETag")
	require.Equal(t, `"1"`, tag)
	for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		require.Equal(t, http.StatusNotModified, w.ask("GET", "/api/requests/"+id, "reader", "", "If-None-Match: "+header).status, header)
	}
	w.discovered(id, "done")
	r = w.ask("GET", "/api/requests/"+id, "both", "", "If-None-Match: "+tag)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "fulfilling", r.json(t)["state"])
	require.NotEqual(t, tag, r.header.Get("ETag"))
}

func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, w.submit("admin", fmt.Sprint(i), map[string]any{"receivedAt": w.business().Add(time.Duration(i-10) * time.Hour).Format(time.RFC3339)}))
	}
	w.submit("fabrikam", "f", map[string]any{"tenant": fabrikam})
	slices.Reverse(ids)
	read := func(query string) (got []string, next string) {
		r := w.ask("GET", "/api/requests?"+query, "reader", "")
		require.Equal(t, http.StatusOK, r.status, r.body)
		for _, item := range r.json(t)["items"].([]any) {
			got = append(got, item.(map[string]any)["id"].(string))
		}
		next, _ = r.json(t)["next"].(string)
		return got, next
	}
	got, next := read("")
	require.Equal(t, ids, got, "newest first, and only the caller's")
	require.Empty(t, next)

	var paged []string
	for query := "limit=2"; query != ""; {
		page, next := read(query)
		require.LessOrEqual(t, len(page), 2)
		paged = append(paged, page...)
		query = ""
		if next != "" {
			query = "limit=2&cursor=" + next
			require.NotContains(t, next, contoso)
		}
	}
	require.Equal(t, ids, paged)

	w.discovered(ids[1], "done")
	got, _ = read("state=fulfilling&tenant=" + contoso)
	require.Equal(t, []string{ids[1]}, got)
	got, _ = read("state=completed")
	require.Empty(t, got)
	require.Equal(t, http.StatusOK, w.ask("POST", "/api/requests/"+ids[0]+"/cancel", "both", `{"reason":"withdrawn"}`).status)
	for query, want := range map[string][]string{
		"state=cancelled": {ids[0]}, "state=cancelled&ending=gaps": {ids[0]}, "state=cancelled&ending=whole": nil, "state=completed&ending=failed": nil,
	} {
		got, _ = read(query)
		require.Equal(t, want, got, query)
	}
	require.Equal(t, "gaps", w.ask("GET", "/api/requests/"+ids[0], "reader", "").json(t)["ending"])
	got, _ = read("dueBefore=" + w.business().AddDate(0, 1, 0).Format(time.RFC3339))
	require.Len(t, got, 5)
	got, _ = read("dueBefore=2026-01-01T00:00:00Z")
	require.Empty(t, got)

	_, next = read("limit=2")
	for name, query := range map[string]string{
		"malformed-cursor":    "cursor=" + next + "x",
		"unknown-parameter":   "status=failed",
		"malformed-parameter": "state=lost",
		"unsupported-filter":  "ending=gaps",
		"missing-parameter":   "",
	} {
		caller := "reader"
		if name == "missing-parameter" {
			caller = "both"
		}
		r := w.ask("GET", "/api/requests?"+query, caller, "")
		require.Equal(t, http.StatusBadRequest, r.status, name)
		require.Equal(t, name, r.json(t)["code"])
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "limit=", "dueBefore=soon", "state=completed&ending=", "state=completed&ending=done", "tenant=", "state=failed&state=failed", "cursor="} {
		require.Equal(t, "malformed-parameter", w.ask("GET", "/api/requests?"+query, "reader", "").json(t)["code"], query)
	}
	for _, query := range []string{"ending=whole", "state=waiting&ending=gaps", "dueBefore=2026-01-01T00:00:00Z&ending=gaps"} {
		require.Equal(t, "unsupported-filter", w.ask("GET", "/api/requests?"+query, "reader", "").json(t)["code"], query)
	}
	require.Equal(t, "malformed-query", w.ask("GET", "/api/requests?a=%zz", "reader", "").json(t)["code"])
	r := w.ask("GET", "/api/requests?cursor="+next, "fabrikam", "")
	require.Equal(t, "malformed-cursor", r.json(t)["code"], "a cursor is worth nothing to another tenant")
}

// TestATenantIsAWall compares the whole answer for another tenant's thing with the answer for a
// thing that does not exist.
func TestATenantIsAWall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	w.answered(id, "done")
	file := `{"actions":["export"],"regime":"gdpr","subject":{"email":"jane.canary@contoso.example"}}` + "\n"
	up := w.ask("POST", "/api/bulk?reference=r1", "admin", file, "Idempotency-Key: k", "Content-Type: application/x-ndjson")
	require.Equal(t, http.StatusAccepted, up.status, up.body)
	bulkID := up.json(t)["id"].(string)

	type answer struct {
		status int
		header string
		body   string
	}
	ask := func(method, path, body string) answer {
		r := w.ask(method, path, "fabrikam", body, "Idempotency-Key: k")
		for _, name := range []string{"Date", "X-Request-Id"} {
			r.header.Del(name)
		}
		return answer{r.status, fmt.Sprint(r.header), r.body}
	}
	reason := `{"reason":"x"}`
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/api/requests/ID", ""},
		{"GET", "/api/requests/ID/events", ""},
		{"GET", "/api/requests/ID/findings", ""},
		{"GET", "/api/requests/ID/package", ""},
		{"POST", "/api/requests/ID/decide", `{"objectId":"x"}`},
		{"POST", "/api/requests/ID/retry", reason},
		{"POST", "/api/requests/ID/cancel", reason},
		{"POST", "/api/requests/ID/tasks/entra-export", `{"outcome":"done","text":"x"}`},
		{"GET", "/api/bulk/ID", ""},
		{"GET", "/api/bulk/ID/results", ""},
	} {
		real := id
		if strings.Contains(c.path, "bulk") {
			real = bulkID
		}
		theirs := ask(c.method, strings.Replace(c.path, "ID", real, 1), c.body)
		nobodys := ask(c.method, strings.Replace(c.path, "ID", unknown, 1), c.body)
		require.Equal(t, nobodys, theirs, c.path)
		require.Equal(t, http.StatusNotFound, theirs.status, c.path)
	}
	require.Equal(t,
		ask("POST", "/api/requests", submission(map[string]any{"tenant": unknown})),
		ask("POST", "/api/requests", submission(map[string]any{"tenant": contoso})))
	require.Equal(t, ask("GET", "/api/requests?tenant="+unknown, ""), ask("GET", "/api/requests?tenant="+contoso, ""))
	require.Equal(t, ask("GET", "/api/requests?tenant=x", ""), ask("GET", "/api/requests?tenant="+contoso, ""))
	require.Equal(t, ask("GET", "/api/bulk?reference=r1&tenant="+unknown, ""), ask("GET", "/api/bulk?reference=r1&tenant="+contoso, ""))
	require.Equal(t, ask("GET", "/api/bulk?reference=r2", ""), ask("GET", "/api/bulk?reference=r1", ""))
	require.Equal(t, "completed", w.ask("GET", "/api/requests/"+id, "both", "").json(t)["state"], "nothing was changed")
}
