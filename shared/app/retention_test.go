package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Everything that is stored has a row in the retention table, and each row is about something that
// is stored.
func TestNothingIsStoredOutsideTheRetentionTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	seen := map[string]bool{}
	look := func() {
		for _, table := range w.tables() {
			for _, key := range w.rowKeys(table) {
				r, ok := retention.OfRow(table, key)
				require.True(t, ok, "the row %s of %s has no class", key, table)
				seen[r.Class] = true
			}
		}
		for _, q := range w.queues() {
			n, err := w.app.Store.Queues.Length(t.Context(), q)
			require.NoError(t, err)
			seen["queues"] = seen["queues"] || n > 0
		}
		for _, c := range w.containers() {
			if len(w.names(c)) > 0 {
				seen[c] = true
			}
		}
	}
	jane := asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "access", "export")
	one := w.submit(contosoKey, "one", jane)
	line := `{"actions":["export"],"regime":"gdpr","subject":{"email":"john@contoso.example"}}`
	w.must(http.StatusAccepted, "POST", "/api/bulk?reference=r", contosoKey, line, "Content-Type: application/x-ndjson", "Idempotency-Key: b")
	w.put(queue.Bulk, "not a message")
	for delivered := true; delivered; {
		look()
		delivered = false
		for _, f := range functionOf {
			delivered = w.drainEach(f.queue, f.function, look) > 0 || delivered
		}
	}
	c, err := w.app.Store.Load(t.Context(), entrasim.Contoso, one)
	require.NoError(t, err)
	// What is found of an ordinary person fits into a row.
	many := slices.Repeat([]dsr.Finding{{System: "entra", Kind: "profile", ID: contosoKey, Category: dsr.CustomerData, Count: 1}}, 1000)
	_, err = c.KeepFindings(t.Context(), "entra", "large", many)
	require.NoError(t, err)
	require.NoError(t, w.app.Store.Shred(t.Context(), c, w.business()))
	look()

	require.ElementsMatch(t, retention.Tables(), w.tables(), "the tables that a start makes")
	require.ElementsMatch(t, retention.Containers(), w.containers(), "the containers that a start makes")
	require.ElementsMatch(t, queue.Names(), w.queues(), "the queues that a start makes")
	for _, r := range retention.Table() {
		switch {
		case r.Container != "":
			require.True(t, seen[r.Container], "nothing lay in the container of %s", r.Class)
		case r.Rows != "":
			require.True(t, seen[r.Class], "there were no %s", r.Class)
		case r.Queues:
			require.True(t, seen["queues"], "nothing lay on a queue of %s", r.Class)
		}
	}
}

// tables are the tables under the world's prefix, without it.
func (w *world) tables() []string {
	w.t.Helper()
	var out []string
	for pager := w.clients.Tables.NewListTablesPager(&aztables.ListTablesOptions{}); pager.More(); {
		page, err := pager.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, table := range page.Tables {
			out = w.ours(out, *table.Name)
		}
	}
	return out
}

func (w *world) containers() []string {
	w.t.Helper()
	var out []string
	for pager := w.clients.Blobs.NewListContainersPager(&service.ListContainersOptions{Prefix: &w.prefix}); pager.More(); {
		page, err := pager.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, c := range page.ContainerItems {
			out = w.ours(out, *c.Name)
		}
	}
	return out
}

func (w *world) queues() []string {
	w.t.Helper()
	var out []string
	for pager := w.clients.Queues.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: &w.prefix}); pager.More(); {
		page, err := pager.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, q := range page.Queues {
			out = w.ours(out, *q.Name)
		}
	}
	return out
}

func (w *world) ours(out []string, name string) []string {
	if rest, ok := strings.CutPrefix(name, w.prefix); ok && !slices.Contains(out, rest) {
		return append(out, rest)
	}
	return out
}

func (w *world) rowKeys(table string) []string {
	w.t.Helper()
	var out []string
	for pager := w.clients.Tables.NewClient(w.prefix + table).NewListEntitiesPager(nil); pager.More(); {
		page, err := pager.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, raw := range page.Entities {
			var row struct{ RowKey string }
			require.NoError(w.t, json.Unmarshal(raw, &row))
			out = append(out, row.RowKey)
		}
	}
	return out
}
