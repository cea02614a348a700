package entrasim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

const jane = "/v1.0/users/jane@contoso.example"

func TestWhatPermissionsShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		token, target string
		status        int
	}{
		"sign-in activity with the log permission": {"contoso", jane + "?$select=signInActivity", 200},
		"sign-in activity without it":              {"nolog", jane + "?$select=id,signInActivity", 403},
		"sign-in activity in a list without it":    {"nolog", "/v1.0/users?$select=id,signInActivity", 403},
		"leave date with its permission":           {"contoso", jane + "?$select=employeeLeaveDateTime", 200},
		"leave date without it":                    {"nolog", jane + "?$select=id,employeeLeaveDateTime", 403},
		"leave date in a list without it":          {"nolog", "/v1.0/users?$select=id,employeeLeaveDateTime", 403},
		"leave date in a filter without it":        {"nolog", "/v1.0/users?$filter=" + url.QueryEscape("employeeLeaveDateTime ge 2026-05-01T00:00:00Z"), 403},
		"sign-ins without the log permission":      {"nolog", "/v1.0/auditLogs/signIns", 403},
		"methods without their permission":         {"nolog", jane + "/authentication/methods", 403},
		"memberships without Directory.Read.All":   {"nolog", jane + "/memberOf", 403},
		"basic profile":                            {"basic", jane + "?$select=id,displayName,mail", 200},
		"more than the basic profile":              {"basic", jane + "?$select=id,jobTitle", 403},
		"manager with the basic permission":        {"basic", jane + "/manager", 403},
		"activity in pages over 500":               {"contoso", "/v1.0/users?$top=600&$select=signInActivity", 400},
		"SharePoint properties of one person":      {"contoso", jane + "?$select=aboutMe,skills", 200},
		"SharePoint properties in a list":          {"contoso", "/v1.0/users?$select=aboutMe", 501},
		"SharePoint properties without a licence":  {"contoso", "/v1.0/users/" + url.PathEscape("maria.guest_partner.example#EXT#@contoso.example") + "?$select=aboutMe", 404},
		"nobody manages the first":                 {"contoso", "/v1.0/users/john@contoso.example/manager", 404},
		"the manager of a person":                  {"contoso", jane + "/manager", 200},
		"groups only":                              {"contoso", jane + "/memberOf/microsoft.graph.group", 200},
		"another tenant's user":                    {"fabrikam", jane, 404},
		"the tenant":                               {"contoso", "/v1.0/organization", 200},
		"a deleted user's navigation":              {"contoso", "/v1.0/users/" + idOf(t, w.directory, entrasim.Contoso, "former.worker@contoso.example") + "/memberOf", 404},
		"the grants of the tenant":                 {"contoso", "/v1.0/oauth2PermissionGrants?$top=999", 200},
		"a sign-in by an unknown id":               {"contoso", "/v1.0/auditLogs/signIns/none", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := w.get(t, c.token, c.target)
			require.Equal(t, c.status, status, body)
		})
	}
}

func TestBasicPermissionHidesTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, body := w.get(t, "basic", jane)
	require.NotContains(t, body, "mobilePhone")
	require.Contains(t, body, "mail")
}

func TestGroupsAreHiddenWithoutDirectoryRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records, _ := w.list(t, "nolog", "/users/{user-id}/transitiveMemberOf", jane+"/transitiveMemberOf")
	require.Greater(t, len(records), 100)
	for _, r := range records {
		require.NotEmpty(t, r["id"])
		require.Nil(t, r["displayName"])
	}
}

func TestSoftDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := idOf(t, w.directory, entrasim.Contoso, "jane@contoso.example")
	exists := func() (user, deleted int) {
		user, _ = w.get(t, "contoso", "/v1.0/users/"+id)
		deleted, _ = w.get(t, "contoso", "/v1.0/directory/deletedItems/"+id)
		return user, deleted
	}
	requireState := func(user, deleted int) {
		t.Helper()
		u, d := exists()
		require.Equal(t, []int{user, deleted}, []int{u, d})
	}
	requireState(200, 404)
	status, _ := w.call(t, http.MethodDelete, "contoso", "/v1.0/users/"+id, "")
	require.Equal(t, http.StatusNoContent, status)
	requireState(404, 200)

	records, _ := w.list(t, "contoso", "/directory/deletedItems/graph.user",
		"/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,mail,deletedDateTime&$filter="+url.QueryEscape("mail eq 'jane@contoso.example'"))
	require.Len(t, records, 1)
	require.Equal(t, strings.ReplaceAll(id, "-", "")+"jane@contoso.example", records[0]["userPrincipalName"])
	require.Equal(t, "2026-05-01T12:00:00Z", records[0]["deletedDateTime"])
	require.Len(t, w.find(t, "contoso", "mail eq 'jane@contoso.example'"), 0)
	mangled := "/v1.0/directory/deletedItems/graph.user?$count=true&$filter=" + url.QueryEscape("endsWith(userPrincipalName,'jane@contoso.example')")
	status, _ = w.get(t, "contoso", mangled)
	require.Equal(t, http.StatusBadRequest, status, "endsWith needs the header")
	records, _ = w.list(t, "contoso", "/directory/deletedItems/graph.user", mangled, "ConsistencyLevel", "eventual")
	require.Len(t, records, 1)

	oracle, ok := w.directory.Records(entrasim.Contoso, id)
	require.True(t, ok)
	require.NotEmpty(t, oracle["signIns"], "the log stays")
	require.Empty(t, oracle["memberOf"])

	status, _ = w.call(t, http.MethodPost, "contoso", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	require.Equal(t, http.StatusOK, status)
	requireState(200, 404)

	require.NoError(t, w.directory.DeleteUser(entrasim.Contoso, id))
	w.now = w.now.Add(30*24*time.Hour - time.Second)
	requireState(404, 200)
	w.now = w.now.Add(time.Second)
	requireState(404, 404)
	require.Error(t, w.directory.RestoreUser(entrasim.Contoso, id))
	_, ok = w.directory.Records(entrasim.Contoso, id)
	require.False(t, ok)
}

func TestPermanentDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := idOf(t, w.directory, entrasim.Contoso, "former.worker@contoso.example")
	status, _ := w.call(t, http.MethodDelete, "contoso", "/v1.0/directory/deletedItems/"+id, "")
	require.Equal(t, http.StatusNoContent, status)
	status, _ = w.call(t, http.MethodDelete, "contoso", "/v1.0/directory/deletedItems/"+id, "")
	require.Equal(t, http.StatusNotFound, status)
	active := idOf(t, w.directory, entrasim.Contoso, "jane@contoso.example")
	status, _ = w.call(t, http.MethodDelete, "contoso", "/v1.0/directory/deletedItems/"+active, "")
	require.Equal(t, http.StatusNotFound, status, "only from deletedItems")
}

func TestRestoreConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := idOf(t, w.directory, entrasim.Contoso, "former.worker@contoso.example")
	require.NoError(t, w.directory.SetUser(entrasim.Contoso, "john@contoso.example", entrasim.Record{"userPrincipalName": "former.worker@contoso.example"}))
	status, body := w.call(t, http.MethodPost, "contoso", "/v1.0/directory/deletedItems/"+id+"/restore", "")
	require.Equal(t, http.StatusBadRequest, status, body)
}

func TestPatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		target, body string
		status       int
	}{
		"a property":             {jane, `{"@odata.type":"#microsoft.graph.user","jobTitle":"Judge","faxNumber":null}`, 204},
		"no body":                {"/v1.0/users/john@contoso.example", ``, 400},
		"an unknown property":    {"/v1.0/users/john@contoso.example", `{"shoeSize":"44"}`, 400},
		"a taken principal name": {"/v1.0/users/john@contoso.example", `{"userPrincipalName":"sam.lee@contoso.example"}`, 400},
		"no principal name":      {"/v1.0/users/john@contoso.example", `{"userPrincipalName":null}`, 400},
		"another id":             {"/v1.0/users/john@contoso.example", `{"id":"x"}`, 400},
		"a synced user":          {"/v1.0/users/ona.prem@contoso.example", `{"jobTitle":"x"}`, 400},
		"nobody":                 {"/v1.0/users/nobody@contoso.example", `{"jobTitle":"x"}`, 404},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := w.call(t, http.MethodPatch, "contoso", c.target, c.body)
			require.Equal(t, c.status, status, body)
		})
	}
	_, body := w.get(t, "contoso", jane+"?$select=jobTitle,faxNumber,city")
	require.Equal(t, "Judge", body["jobTitle"])
	require.Contains(t, body, "faxNumber")
	require.Nil(t, body["faxNumber"])
	require.NotNil(t, body["city"])
}

func TestChangesBetweenPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.get(t, "contoso", jane+"/memberOf")
	group := entrasim.Record{"@odata.type": "#microsoft.graph.group", "id": "99999999-0000-4000-8000-000000000000", "displayName": "Late"}
	require.NoError(t, w.directory.AddObject(entrasim.Contoso, group))
	require.NoError(t, w.directory.AddMember(entrasim.Contoso, "jane@contoso.example", "99999999-0000-4000-8000-000000000000"))
	rest, _ := w.list(t, "contoso", "/users/{user-id}/memberOf", first["@odata.nextLink"].(string))
	require.Equal(t, "Late", rest[len(rest)-1]["displayName"])
	require.Error(t, w.directory.AddMember(entrasim.Contoso, "jane@contoso.example", "no such group"))
	require.Error(t, w.directory.AddObject(entrasim.Contoso, entrasim.Record{"@odata.type": "#microsoft.graph.group", "shoeSize": 1}))
	require.Error(t, w.directory.SetUser(entrasim.Contoso, "jane@contoso.example", entrasim.Record{"shoeSize": 1}))
}

func TestNewRecordsAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := idOf(t, w.directory, entrasim.Contoso, "jane@contoso.example")
	signIn := entrasim.Record{"id": "late", "userId": id, "createdDateTime": "2026-05-01T11:59:59Z"}
	require.NoError(t, w.directory.AddRecord(entrasim.Contoso, id, "signIns", signIn))
	records, _ := w.list(t, "contoso", "/auditLogs/signIns", "/v1.0/auditLogs/signIns?$filter="+url.QueryEscape("userId eq '"+id+"'"))
	require.Equal(t, "late", records[0]["id"], "newest first")
	license := entrasim.Record{"id": "extra", "skuId": nil, "skuPartNumber": "X", "servicePlans": []any{}}
	require.NoError(t, w.directory.AddRecord(entrasim.Contoso, id, "licenseDetails", license))
	records, _ = w.list(t, "contoso", "/users/{user-id}/licenseDetails", jane+"/licenseDetails")
	require.Len(t, records, 2)
}
