package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/functionhost"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// withoutContoso is a document from which Contoso was removed.
const withoutContoso = `version: 1
callers:
  - name: fabrikam-admin
    keySHA256: "fd59e0dec717d80efa98dd444cbbc497b02fa7d21964799de445586a9bd3dbe6"
    tenants: [22222222-2222-2222-2222-222222222222]
    rights: [requests.write, requests.read]
tenants:
  - {id: 22222222-2222-2222-2222-222222222222, name: Fabrikam, systems: [entra], actions: [export]}
`

// restart puts a new handler with another document before the same storage.
func (w *world) restart(document string) {
	w.t.Helper()
	var err error
	w.app, err = app.New(w.t.Context(), w.settings, w.document(document, w.catalogue), app.Options{
		Catalogue: w.catalogue,
		Clocks:    clock.Clocks{Wall: w.wall.Now, Business: w.business}, Log: w.log, Prefix: w.prefix, Transport: w.graph, Patience: time.Millisecond,
	})
	require.NoError(w.t, err)
	w.host.Close()
	handler, err := functionhost.Handler(w.app.Program(), w.log)
	require.NoError(w.t, err)
	w.host = httptest.NewServer(handler)
	w.t.Cleanup(w.host.Close)
}

// TestRetentionOutlivesTheTenantInTheDocument: what was stored for a tenant is deleted when its
// time is up, even after the tenant was removed from the document.
func TestRetentionOutlivesTheTenantInTheDocument(t *testing.T) {
	t.Parallel()
	// Another address of the same account: nothing but the document knows it.
	endpoint := strings.Replace(azurite.Shared(t).BlobURL, "127.0.0.1", "localhost", 1)
	container := azurite.Prefix(t)
	w := newWorld(t, options{document: declared(t, endpoint, container)})
	_, err := w.clients.Blobs.CreateContainer(t.Context(), container, nil)
	require.NoError(t, err)
	known, err := w.app.Store.Lists.Tenants(t.Context())
	require.NoError(t, err)
	require.Equal(t, []lists.Tenant{{ID: entrasim.Contoso, Shards: 1}, {ID: entrasim.Fabrikam, Shards: 1}}, known, "a start remembers them")

	body := asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export")
	body["systems"] = []any{"entra"}
	w.submit(contosoKey, "own", body)
	body["destination"] = "legal"
	w.submit(contosoKey, "theirs", body)
	w.must(http.StatusAccepted, "POST", "/api/bulk?reference=r", contosoKey, `{"actions":["export"],"regime":"gdpr","subject":{"email":"john@contoso.example"}}`,
		"Content-Type: application/x-ndjson", "Idempotency-Key: b")
	w.pump()
	require.NotEmpty(t, w.names(retention.Packages))
	require.Len(t, w.namesIn(container), 1)
	require.Len(t, w.names(retention.Results), 1)
	delete(body, "destination")
	w.submit(contosoKey, "lost", body)
	_, err = w.clients.Queues.NewQueueClient(w.prefix+queue.Work).ClearMessages(t.Context(), nil)
	require.NoError(t, err)

	w.restart(withoutContoso)
	w.wall.Advance(2 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("wake"))
	n, err := w.app.Store.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.Equal(t, int64(1), n, "what was lost is sent again")

	w.advance(31 * 24 * time.Hour)
	for range 2 {
		require.Equal(t, http.StatusInternalServerError, w.timer("purge"), "an operator must see that something stays")
		require.Empty(t, w.names(retention.Packages))
		require.Empty(t, w.names(retention.BulkInputs))
		require.Empty(t, w.names(retention.Results))
		require.Len(t, w.namesIn(container), 1, "nothing opens the account any more")
	}
	require.Len(t, w.lines.with(`"code":"tenant-not-configured"`, entrasim.Contoso), 2)
	require.Len(t, w.lines.with(`"code":"destination-unknown"`, entrasim.Contoso), 2)
	require.Empty(t, w.lines.with(`"code":"tenant-not-configured"`, entrasim.Fabrikam))

	// The deletion stayed due. It succeeds once the tenant and its destination are configured
	// again.
	w.restart(declared(t, endpoint, container))
	require.Equal(t, http.StatusOK, w.timer("purge"))
	require.Empty(t, w.namesIn(container))
}

// TestAPackageInTheOwnAccountIsFoundWithoutItsDestination: where it lies is recorded, and the
// account can be opened without the document.
func TestAPackageInTheOwnAccountIsFoundWithoutItsDestination(t *testing.T) {
	t.Parallel()
	endpoint, container := azurite.Shared(t).BlobURL, azurite.Prefix(t)
	w := newWorld(t, options{document: declared(t, endpoint, container)})
	_, err := w.clients.Blobs.CreateContainer(t.Context(), container, nil)
	require.NoError(t, err)
	body := asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export")
	body["systems"], body["destination"] = []any{"entra"}, "legal"
	w.submit(contosoKey, "theirs", body)
	w.pump()
	require.Len(t, w.namesIn(container), 1)
	w.restart(withoutContoso)
	w.advance(31 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	require.Empty(t, w.namesIn(container))
	require.Empty(t, w.lines.with(`"code":"destination-unknown"`, entrasim.Contoso))
}
