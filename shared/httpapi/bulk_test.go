package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

const lines = `{"actions":["export"],"regime":"gdpr","subject":{"email":"jane.canary@contoso.example"},"systems":["entra"]}
{"actions":["export"],"regime":"gdpr","subject":{"email":"canary"}}
`

func TestAFileOfRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sendAs := func(key, reference, body string) reply {
		return w.send("POST", "/api/bulk?reference="+reference+"&tenant="+contoso, "admin", chunked{strings.NewReader(body)},
			"Idempotency-Key: "+key, "Content-Type: application/x-ndjson; charset=UTF-8")
	}
	send := func(body string) reply { return sendAs("k", "march-2026", body) }
	r := send(lines)
	require.Equal(t, http.StatusAccepted, r.status, r.body)
	id := r.json(t)["id"].(string)
	require.Equal(t, "/api/bulk/"+id, r.header.Get("Location"))
	require.Equal(t, "received", r.json(t)["state"])
	require.Equal(t, id, send(lines).json(t)["id"], "the same file twice is one import")
	for name, c := range map[string]struct {
		got  reply
		code string
	}{
		"same key, other file":      {send(lines + lines), "idempotency-conflict"},
		"same key, other reference": {sendAs("k", "april-2026", lines), "idempotency-conflict"},
		"other key, same reference": {sendAs("k2", "march-2026", lines+lines), "reference-taken"},
	} {
		require.Equal(t, http.StatusConflict, c.got.status, name)
		require.Equal(t, c.code, c.got.json(t)["code"], name)
	}
	require.Equal(t, http.StatusNotFound, w.ask("GET", "/api/bulk?reference=april-2026", "admin", "").status, "nothing was made")
	require.Equal(t, id, sendAs("k2", "march-2026", lines).json(t)["id"], "a key that was refused is free")
	require.Equal(t, "missing-parameter", w.ask("GET", "/api/bulk?reference=march-2026", "both", "").json(t)["code"], "a caller of two tenants says which")
	require.Equal(t, id, w.ask("GET", "/api/bulk?reference=march-2026", "admin", "").json(t)["id"])
	require.Equal(t, "no-result", w.ask("GET", "/api/bulk/"+id+"/results", "admin", "").json(t)["code"])

	require.NoError(t, w.bulk.Import(t.Context(), contoso, id))
	got := w.ask("GET", "/api/bulk/"+id, "both", "").json(t)
	require.Equal(t, "completed", got["state"])
	require.EqualValues(t, []any{2.0, 1.0, 1.0}, []any{got["lines"], got["accepted"], got["rejected"]})
	res := w.ask("GET", got["links"].(map[string]any)["results"].(string), "admin", "")
	require.Equal(t, "application/x-ndjson", res.header.Get("Content-Type"))
	results := strings.Split(strings.TrimSpace(res.body), "\n")
	require.Len(t, results, 2)
	for _, line := range results {
		conforms(t, "Result", line)
		require.NotContains(t, line, "canary")
	}
	require.Contains(t, results[1], `"malformed-email"`)
}

func TestStorageThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.submit("admin", "k", nil)
	w.Faults.Add(storetest.Fault{Action: storetest.Throttled})
	for _, r := range []reply{
		w.ask("GET", "/api/requests/"+id, "both", ""),
		w.ask("GET", "/api/requests", "reader", ""),
		w.ask("POST", "/api/requests", "admin", submission(nil), "Idempotency-Key: k2"),
		w.ask("POST", "/api/requests/"+id+"/cancel", "admin", `{"reason":"x"}`),
	} {
		require.Equal(t, http.StatusServiceUnavailable, r.status, r.body)
		require.Equal(t, "unavailable", r.json(t)["code"])
		require.Equal(t, "5", r.header.Get("Retry-After"))
		require.Empty(t, r.header.Get("ETag"))
	}
	require.Equal(t, http.StatusOK, w.ask("GET", "/api/health", "", "").status, "we are alive")
}
