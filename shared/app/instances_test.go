package app_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/tenant"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/example"
	"github.com/rightsdesk/rightsdesk/shared/connector/example/examplesim"
)

// clubs is a world with a copy of the worked example under the name club. Contoso has two clubs.
func clubs(t *testing.T) *world {
	t.Helper()
	copied := example.Entry()
	copied.Descriptor.System, copied.Descriptor.Title, copied.Service = "club", "Loyalty club", "club"
	return newWorld(t, options{
		document:  clubDocument(t, "club-south"),
		catalogue: append(catalog.Entries(), copied),
		services:  map[string]http.Handler{"club": examplesim.NewSample([]string{entrasim.Contoso}, tenant.ReaderToken)},
	})
}

// clubDocument is a document in which Contoso has two clubs, the second under a name.
func clubDocument(t *testing.T, second string) string {
	t.Helper()
	local, err := os.ReadFile("../../infra/local/rightsdesk.yaml")
	require.NoError(t, err)
	return strings.Replace(string(local), "systems: [entra]", `systems:
      - {name: club-north, system: club, club: north}
      - {name: `+second+`, system: club, club: south, language: de}`, 1)
}

// A tenant has a copy of the worked example twice: two tasks, two folders in the package, and
// one system in the catalogue.
func TestATenantHasASystemTwice(t *testing.T) {
	t.Parallel()
	w := clubs(t)
	id := w.submit(contosoKey, "clubs", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "access"))
	w.pump()
	r := w.get(contosoKey, id)
	require.Equal(t, "completed", r.State)
	require.Equal(t, []string{"club-north", "club-south"}, r.Systems)
	require.Len(t, r.Tasks, 2)
	for _, name := range r.Systems {
		done := r.task(name + "-access")
		require.Equal(t, []string{name, "done"}, []string{done.System, done.Outcome}, done.Reason)
		require.EqualValues(t, 122, done.Records, "a profile, visits, a segment")
	}

	archive, report := w.archive(contosoKey, id)
	var systems []string
	for _, s := range report.Manifest.Systems {
		systems = append(systems, s.System)
	}
	require.Equal(t, []string{"club-north", "club-south"}, systems)
	require.Contains(t, member(t, archive, "access/club-north/profile-0001.json"), `"id":"00000000-0000-4000-9000-000000000001"`)
	require.Contains(t, member(t, archive, "access/club-south/profile-0001.json"), `"id":"00000000-0000-4000-9000-000000000101"`, "the setting club")
	require.Contains(t, member(t, archive, "access/club-north/segment-0001.json"), `"regular"`)
	require.Contains(t, member(t, archive, "access/club-south/segment-0001.json"), `"Stammgast"`, "the setting language")
	index := member(t, archive, "index.html")
	require.Contains(t, index, "Loyalty club (club-north)")
	require.Contains(t, index, "Loyalty club (club-south)")

	findings := w.must(http.StatusOK, "GET", "/api/requests/"+id+"/findings", contosoKey, nil).body
	require.Contains(t, findings, `"system":"club-north"`)
	require.Contains(t, findings, `"system":"club-south"`)
}

func TestARequestNamesTheInstancesThatItIsAbout(t *testing.T) {
	t.Parallel()
	w := clubs(t)
	body := asked(entrasim.Contoso, map[string]any{"identifiers": []any{map[string]any{"kind": example.MemberNumber, "value": "M-100101"}}}, "export")
	body["systems"] = []any{"club-south"}
	id := w.submit(contosoKey, "south", body)
	w.pump()
	r := w.get(contosoKey, id)
	require.Equal(t, "completed", r.State)
	require.Len(t, r.Tasks, 1)
	require.Equal(t, "done", r.task("club-south-export").Outcome)

	body["systems"] = []any{"club"}
	refused := w.must(http.StatusBadRequest, "POST", "/api/requests", contosoKey, body, "Idempotency-Key: the-system-itself")
	require.Contains(t, refused.body, `"/systems/0"`)
}

func TestATaskFailsWhenItsInstanceIsRenamed(t *testing.T) {
	t.Parallel()
	w := clubs(t)
	id := w.submit(contosoKey, "renamed", asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export"))
	w.restart(clubDocument(t, "club-of-the-south"))
	w.pump()
	r := w.get(contosoKey, id)
	require.Equal(t, "completed", r.State)
	require.Equal(t, "done", r.task("club-north-export").Outcome)
	failed := r.task("club-south-export")
	require.Equal(t, "failed", failed.Outcome)
	require.Contains(t, failed.Reason, "not-configured: ")
	require.Len(t, w.lines.with(`"level":"ERROR"`, `"code":"task-not-configured"`, `"system":"club-south"`, id), 1)
	archive, _ := w.archive(contosoKey, id)
	require.Contains(t, member(t, archive, "index.html"), "The tenant has no system named club-south any more.")

	w.restart(clubDocument(t, "club-south"))
	w.must(http.StatusOK, "POST", "/api/requests/"+id+"/retry", contosoKey, map[string]any{"reason": "it is back"})
	w.pump()
	require.Equal(t, "done", w.get(contosoKey, id).task("club-south-export").Outcome)
}
