package entrasim_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

// paths is where the API has each of the oracle's resources.
var paths = map[string]string{
	"memberOf": "/memberOf", "transitiveMemberOf": "/transitiveMemberOf", "ownedObjects": "/ownedObjects", "createdObjects": "/createdObjects",
	"directReports": "/directReports", "sponsors": "/sponsors", "ownedDevices": "/ownedDevices", "registeredDevices": "/registeredDevices",
	"licenseDetails": "/licenseDetails", "appRoleAssignments": "/appRoleAssignments", "scopedRoleMemberOf": "/scopedRoleMemberOf",
	"methods": "/authentication/methods", "oauth2PermissionGrants": "/oauth2PermissionGrants",
}

// filtered are the resources that the API has for the tenant only, with the property that names
// the user.
var filtered = map[string][2]string{
	"signIns": {"/auditLogs/signIns", "userId"}, "roleAssignments": {"/roleManagement/directory/roleAssignments", "principalId"},
}

// TestOracleEqualsTheAPI reads people through the API, page by page, and compares every record
// with the oracle's.
func TestOracleEqualsTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for tenant, token := range map[string]string{entrasim.Contoso: "contoso", entrasim.Fabrikam: "fabrikam"} {
		for i, p := range w.directory.Users(tenant) {
			if p.Deleted || i > 30 && i%20 != 4 { // the named, the ordinary and all the rich
				continue
			}
			want, ok := w.directory.Records(tenant, p.ID)
			require.True(t, ok)
			for resource, expected := range want {
				require.Empty(t, cmp.Diff(plain(t, expected), plain(t, w.read(t, token, resource, p.ID, expected))), "%s of person %d", resource, i)
			}
		}
	}
	require.Zero(t, w.sim.Stats().Violations)
}

// read fetches a resource with every property that the oracle shows selected.
func (w *world) read(t *testing.T, token, resource, id string, expected []map[string]any) []map[string]any {
	t.Helper()
	selected := "?$select=" + url.QueryEscape(properties(expected))
	if len(expected) == 0 {
		selected = "?"
	}
	switch resource {
	case "user", "manager":
		target := "/v1.0/users/" + id
		if resource == "manager" {
			target += "/manager"
		}
		status, body := w.get(t, token, target+selected)
		if status == http.StatusNotFound {
			return []map[string]any{}
		}
		require.Equal(t, http.StatusOK, status, body)
		delete(body, "@odata.context")
		return []map[string]any{body}
	}
	if f, ok := filtered[resource]; ok {
		records, _ := w.list(t, token, f[0], "/v1.0"+f[0]+selected+"&$filter="+url.QueryEscape(f[1]+" eq '"+id+"'"))
		return records
	}
	records, pages := w.list(t, token, "/users/{user-id}"+paths[resource], "/v1.0/users/"+id+paths[resource]+strings.TrimSuffix(selected, "?"))
	require.Equal(t, max(1, (len(expected)+99)/100), pages, resource)
	return records
}

// properties joins the names of all properties of the records; annotations cannot be selected
// and come by themselves.
func properties(records []map[string]any) string {
	names := map[string]bool{}
	for _, r := range records {
		for name := range r {
			if !strings.HasPrefix(name, "@") {
				names[name] = true
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ",")
}

// plain makes numbers and nil lists alike on both sides.
func plain(t *testing.T, records []map[string]any) []any {
	t.Helper()
	raw, err := json.Marshal(records)
	require.NoError(t, err)
	var out []any
	require.NoError(t, json.Unmarshal(raw, &out))
	if out == nil {
		out = []any{}
	}
	return out
}

func TestOracleKnowsNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, ok := w.directory.Records(entrasim.Fabrikam, idOf(t, w.directory, entrasim.Contoso, "jane@contoso.example"))
	require.False(t, ok)
	_, ok = w.directory.Records("33333333-3333-3333-3333-333333333333", "x")
	require.False(t, ok)
	require.Nil(t, w.directory.Users("33333333-3333-3333-3333-333333333333"))
}
