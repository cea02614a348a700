package app_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// names lists the blobs in a container.
func (w *world) names(container string) []string {
	w.t.Helper()
	return w.namesIn(w.prefix + container)
}

func (w *world) namesIn(container string) []string {
	w.t.Helper()
	var out []string
	for pager := w.clients.Blobs.NewContainerClient(container).NewListBlobsFlatPager(nil); pager.More(); {
		page, err := pager.NextPage(w.t.Context())
		require.NoError(w.t, err)
		for _, b := range page.Segment.BlobItems {
			out = append(out, *b.Name)
		}
	}
	return out
}

// member returns the text of one member of an archive.
func member(t *testing.T, archive []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	f, err := z.Open(name)
	require.NoError(t, err)
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(b)
}

// declared is a document in which Contoso has a system without a connector and a container of
// its own.
func declared(t *testing.T, account, container string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/declared.yaml")
	require.NoError(t, err)
	return strings.NewReplacer("$ACCOUNT", account, "$CONTAINER", container).Replace(string(b))
}

func TestADeclaredSystemIsNeverSilentlyLeftOut(t *testing.T) {
	t.Parallel()
	endpoint, container := azurite.Shared(t).BlobURL, azurite.Prefix(t)
	w := newWorld(t, options{document: declared(t, endpoint, container)})
	_, err := w.clients.Blobs.CreateContainer(t.Context(), container, nil)
	require.NoError(t, err)

	body := asked(entrasim.Contoso, map[string]any{
		"email": "jane@contoso.example", "identifiers": []any{map[string]any{"kind": "customerNumber", "value": "C-4711"}},
	}, "access", "export")
	body["destination"] = "legal"
	id := w.submit(contosoKey, "declared", body)
	w.pump()

	// The package is made while the manual tasks wait, and it names them.
	r := w.get(contosoKey, id)
	require.Equal(t, "waiting", r.State)
	require.Equal(t, []string{"entra", "paper-files"}, r.Systems)
	require.Equal(t, "legal", r.Destination)
	for _, action := range []string{"access", "export"} {
		manual := r.task("paper-files-" + action)
		require.Equal(t, []string{"waiting", "manual", "Ask the archive for the file."}, []string{manual.State, manual.Outcome, manual.Reason})
		require.Equal(t, "https://intranet.example/archive", manual.Link)
	}
	archive, report := w.archive(contosoKey, id)
	require.Contains(t, member(t, archive, "index.html"), "Paper files")
	manual := 0
	for _, s := range report.Manifest.Systems {
		if s.System == "paper-files" && s.Outcome == "manual" {
			manual++
		}
	}
	require.Equal(t, 2, manual)

	// It lies where the request said and nowhere else.
	require.Len(t, w.namesIn(container), 1)
	require.Empty(t, w.names(retention.Packages))

	// Only a person with the right to do so ends the tasks.
	path := "/api/requests/" + id + "/tasks/paper-files-"
	end := map[string]any{"outcome": "done", "text": "Copied 12 pages."}
	w.must(http.StatusForbidden, "POST", path+"access", readerKey, end)
	w.must(http.StatusBadRequest, "POST", path+"access", contosoKey, map[string]any{"outcome": "manual", "text": "x"})
	w.must(http.StatusOK, "POST", path+"access", contosoKey, end)
	require.Equal(t, "waiting", w.get(contosoKey, id).State)
	w.must(http.StatusConflict, "POST", path+"access", contosoKey, end)
	w.must(http.StatusOK, "POST", path+"export", contosoKey, map[string]any{"outcome": "nothing-found", "text": "No file."})
	require.Equal(t, "completed", w.get(contosoKey, id).State)

	w.advance(31 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, w.timer("purge"))
	require.Empty(t, w.namesIn(container), "the retention holds in a destination, too")
	w.must(http.StatusGone, "GET", "/api/requests/"+id+"/package", contosoKey, nil)
}

func TestWhatADocumentDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()
	endpoint, container := azurite.Shared(t).BlobURL, azurite.Prefix(t)
	w := newWorld(t, options{document: declared(t, endpoint, container)})
	subject := map[string]any{"email": "jane@contoso.example"}
	for name, tc := range map[string]struct {
		change  map[string]any
		pointer string
	}{
		"system":                    {map[string]any{"systems": []any{"intune"}}, "/systems/0"},
		"destination":               {map[string]any{"destination": "elsewhere"}, "/destination"},
		"destination by URL":        {map[string]any{"destination": endpoint + "/" + container}, "/destination"},
		"action of the design":      {map[string]any{"actions": []any{"delete"}}, "/actions/0"},
		"action of another tenant":  {map[string]any{"tenant": entrasim.Fabrikam, "actions": []any{"access"}}, "/actions/0"},
		"regime":                    {map[string]any{"regime": "lgpd"}, "/regime"},
		"kind of identifier":        {map[string]any{"subject": map[string]any{"identifiers": []any{map[string]any{"kind": "vendorNumber", "value": "1"}}}}, "/subject/identifiers/0/kind"},
		"kind of another tenant":    {map[string]any{"tenant": entrasim.Fabrikam, "subject": map[string]any{"identifiers": []any{map[string]any{"kind": "customerNumber", "value": "1"}}}}, "/subject/identifiers/0/kind"},
		"destination of the others": {map[string]any{"tenant": entrasim.Fabrikam, "destination": "legal"}, "/destination"},
	} {
		body := asked(entrasim.Contoso, subject, "export")
		for k, v := range tc.change {
			body[k] = v
		}
		key := contosoKey
		if body["tenant"] == entrasim.Fabrikam {
			key = fabrikamKey
		}
		var p struct{ Code, Pointer string }
		r := w.call("POST", "/api/requests", key, body, "Idempotency-Key: unknown")
		require.Equal(t, http.StatusBadRequest, r.status, "%s: %s", name, r.body)
		r.into(t, &p)
		require.Equal(t, tc.pointer, p.Pointer, "%s: %s", name, r.body)
	}
	require.Empty(t, w.rowsOf("requests"), "nothing was made")

	// With the declared system alone there is nothing to discover, and a package is still made.
	body := asked(entrasim.Contoso, subject, "export")
	body["systems"] = []any{"paper-files"}
	id := w.submit(contosoKey, "only-declared", body)
	w.pump()
	require.Equal(t, "waiting", w.get(contosoKey, id).State)
	_, report := w.archive(contosoKey, id)
	require.Zero(t, report.Records)
	w.must(http.StatusOK, "POST", "/api/requests/"+id+"/tasks/paper-files-export", contosoKey, map[string]any{"outcome": "nothing-found", "text": "No file."})
	require.Equal(t, "completed", w.get(contosoKey, id).State)
}

func (w *world) rowsOf(table string) []sighting {
	w.t.Helper()
	var out []sighting
	for _, r := range w.rows() {
		if r.where == "row of "+table {
			out = append(out, r)
		}
	}
	return out
}
