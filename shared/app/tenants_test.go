package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// unknownID belongs to no tenant and no request.
const unknownID = "00000000-0000-4000-8000-000000000000"

// TestTwoTenants: a tenant cannot tell what another tenant has from what does not exist.
func TestTwoTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	theirs := w.submit(contosoKey, "wall", asked(entrasim.Contoso, map[string]any{"email": "jane.doe@home.example"}, "export"))
	ours := w.submit(fabrikamKey, "wall", asked(entrasim.Fabrikam, map[string]any{"email": "jane.doe@home.example"}, "export"))
	require.NotEqual(t, theirs, ours, "the same key and body in two tenants are two requests")
	var bulk struct{ ID string }
	w.must(http.StatusAccepted, "POST", "/api/bulk?reference=wall", contosoKey, `{"actions":["export"],"regime":"gdpr","subject":{"email":"john@contoso.example"}}`,
		"Content-Type: application/x-ndjson", "Idempotency-Key: wall").into(t, &bulk)
	w.pump()

	// Each tenant found its own Jane.
	for key, want := range map[string][2]string{contosoKey: {theirs, "jane@contoso.example"}, fabrikamKey: {ours, "jane@fabrikam.example"}} {
		zip, _ := w.archive(key, want[0])
		require.Contains(t, member(t, zip, "export/entra/profile-0001.json"), want[1])
	}

	// Every address answers for the other tenant's id, byte for byte, as for an id that does
	// not exist.
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/api/requests/ID", nil},
		{"GET", "/api/requests/ID/events", nil},
		{"GET", "/api/requests/ID/findings", nil},
		{"GET", "/api/requests/ID/package", nil},
		{"POST", "/api/requests/ID/decide", map[string]any{"objectId": unknownID}},
		{"POST", "/api/requests/ID/retry", map[string]any{"reason": "x"}},
		{"POST", "/api/requests/ID/cancel", map[string]any{"reason": "x"}},
		{"POST", "/api/requests/ID/tasks/entra-export", map[string]any{"outcome": "done", "text": "x"}},
		{"GET", "/api/bulk/ID", nil},
		{"GET", "/api/bulk/ID/results", nil},
	} {
		none := w.must(http.StatusNotFound, call.method, strings.Replace(call.path, "ID", unknownID, 1), fabrikamKey, call.body)
		for _, id := range []string{theirs, bulk.ID} {
			same(t, none, w.call(call.method, strings.Replace(call.path, "ID", id, 1), fabrikamKey, call.body))
		}
	}
	require.Equal(t, "completed", w.get(contosoKey, theirs).State, "nothing of it did anything")

	// Another tenant is not found, in a query and in a body, whether it exists or not.
	for _, path := range []string{"/api/requests?tenant=ID", "/api/bulk?reference=wall&tenant=ID"} {
		none := w.must(http.StatusNotFound, "GET", strings.Replace(path, "ID", unknownID, 1), fabrikamKey, nil)
		same(t, none, w.call("GET", strings.Replace(path, "ID", entrasim.Contoso, 1), fabrikamKey, nil))
	}
	body := asked(unknownID, map[string]any{"email": "jane.doe@home.example"}, "export")
	none := w.must(http.StatusNotFound, "POST", "/api/requests", fabrikamKey, body, "Idempotency-Key: wall")
	body["tenant"] = entrasim.Contoso
	same(t, none, w.call("POST", "/api/requests", fabrikamKey, body, "Idempotency-Key: wall"))

	// Lists show the caller's own requests, and another caller cannot use their cursor.
	var list struct {
		Items []request
		Next  string
	}
	w.must(http.StatusOK, "GET", "/api/requests", fabrikamKey, nil).into(t, &list)
	require.Len(t, list.Items, 1)
	require.Equal(t, ours, list.Items[0].ID)
	w.must(http.StatusOK, "GET", "/api/requests?limit=1", contosoKey, nil).into(t, &list)
	require.NotEmpty(t, list.Next)
	w.must(http.StatusBadRequest, "GET", "/api/requests?limit=1&cursor="+url.QueryEscape(list.Next), fabrikamKey, nil)
	w.must(http.StatusNotFound, "GET", "/api/bulk?reference=wall", fabrikamKey, nil)
}

// same checks that two answers are equal.
func same(t *testing.T, want, got reply) {
	t.Helper()
	require.Equal(t, want.status, got.status, got.body)
	require.Equal(t, want.body, got.body)
	for _, h := range []http.Header{want.header, got.header} {
		h.Del("X-Request-Id") // fresh for each call
		h.Del("Date")
	}
	require.Equal(t, want.header, got.header)
}

// A link opens one blob, for reading only.
func TestALinkOpensItsPackageAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	mine := w.submit(contosoKey, "mine", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export"))
	other := w.submit(contosoKey, "other", asked(entrasim.Contoso, map[string]any{"email": "john@contoso.example"}, "export"))
	w.pump()
	l := w.link(contosoKey, mine)
	status, _ := w.fetch(l.URL)
	require.Equal(t, http.StatusOK, status)
	status, _ = w.fetch(strings.Replace(l.URL, mine+".zip", other+".zip", 1))
	require.Equal(t, http.StatusForbidden, status, "another package")
	blob, query, _ := strings.Cut(l.URL, "?")
	status, _ = w.fetch(blob[:strings.LastIndex(blob, "/"+entrasim.Contoso)] + "?restype=container&comp=list&" + query)
	require.Equal(t, http.StatusForbidden, status, "the list of them")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, l.URL, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode, "deleting it")

	// The download's file name holds no personal data, no cache keeps it, and it can be
	// resumed.
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL, nil)
	require.NoError(t, err)
	req.Header.Set("Range", "bytes=10-19")
	res, err = http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPartialContent, res.StatusCode)
	require.Equal(t, `attachment; filename="`+mine+`.zip"`, res.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	w.must(http.StatusForbidden, "GET", "/api/requests/"+mine+"/package", readerKey, nil)
}

// A producer's message acts with the rights of the queue's caller: in its tenants and on its
// paths only.
func TestTheQueueStaysWithinItsTenants(t *testing.T) {
	t.Parallel()
	// the queue's caller has Contoso only
	w := newWorld(t, options{document: declared(t, "http://127.0.0.1:10000/devstoreaccount1", "unused")})
	line := `{"actions":["export"],"regime":"gdpr","subject":{"email":"pim@fabrikam.example"}}` + "\n"
	w.upload(retention.BulkInputs, entrasim.Fabrikam+"/people.ndjson", line)
	for name, text := range map[string]string{
		"a tenant that the queue's caller does not have": `{"tenant":"` + entrasim.Fabrikam + `","reference":"r","items":[` + line + `]}`,
		"a tenant that does not exist":                   `{"tenant":"` + unknownID + `","reference":"r","items":[` + line + `]}`,
		"another tenant's path":                          `{"tenant":"` + entrasim.Contoso + `","reference":"r","blob":"bulk/` + entrasim.Fabrikam + `/people.ndjson"}`,
		"by way of the own path":                         `{"tenant":"` + entrasim.Contoso + `","reference":"r","blob":"bulk/` + entrasim.Contoso + `/../` + entrasim.Fabrikam + `/people.ndjson"}`,
		"escaped":                                        `{"tenant":"` + entrasim.Contoso + `","reference":"r","blob":"bulk/` + entrasim.Contoso + `/%2e%2e/` + entrasim.Fabrikam + `/people.ndjson"}`,
		"another container":                              `{"tenant":"` + entrasim.Contoso + `","reference":"r","blob":"packages/` + entrasim.Contoso + `/x.ndjson"}`,
	} {
		before := len(w.names(retention.Rejected))
		w.put(queue.Bulk, text)
		w.pump()
		require.Len(t, w.names(retention.Rejected), before+1, name)
	}
	require.Empty(t, w.rowsOf("requests"))
	require.Empty(t, w.rowsOf("keys"))
	require.Len(t, w.names(retention.BulkInputs), 1, "the producer's own blob is not deleted")
}
