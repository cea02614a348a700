package tenant_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/tenant"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

var wall = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *tenant.Server {
	t.Helper()
	s, err := tenant.New(tenant.Options{StateDir: dir, Wall: func() time.Time { return wall }})
	require.NoError(t, err)
	return s
}

func send(t *testing.T, h http.Handler, method, target, body, token string) (int, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Code, rec.Body.String()
}

func TestClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	_, body := send(t, s, "GET", "/clock", "", "")
	require.JSONEq(t, `{"now":"2026-05-01T12:00:00Z","offset":"0s"}`, body)
	for _, step := range []struct{ advance, want string }{
		{"744h", `{"now":"2026-06-01T12:00:00Z","offset":"744h0m0s"}`},
		{"0s", `{"now":"2026-06-01T12:00:00Z","offset":"744h0m0s"}`},
		{"90m", `{"now":"2026-06-01T13:30:00Z","offset":"745h30m0s"}`},
	} {
		status, body := send(t, s, "POST", "/clock", `{"advance":"`+step.advance+`"}`, "")
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, step.want, body)
	}
	_, body = send(t, open(t, dir), "GET", "/clock", "", "")
	require.JSONEq(t, `{"now":"2026-06-01T13:30:00Z","offset":"745h30m0s"}`, body, "after a restart")
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "clock.json")}, left, "nothing left over")
}

func TestClockRefuses(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	for name, body := range map[string]string{
		"backwards":     `{"advance":"-1h"}`,
		"no duration":   `{"advance":"a month"}`,
		"a number":      `{"advance":744}`,
		"nothing":       `{}`,
		"null":          `null`,
		"empty body":    ``,
		"set":           `{"set":"2026-01-01T00:00:00Z"}`,
		"unknown field": `{"advance":"1h","now":true}`,
		"two values":    `{"advance":"1h"}{"advance":"1h"}`,
		"a list":        `["1h"]`,
		"a century":     `{"advance":"900000h"}`,
		"too long":      `{"advance":"` + strings.Repeat("1", 70<<10) + `"}`,
	} {
		status, answer := send(t, s, "POST", "/clock", body, "")
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Contains(t, answer, `"code"`, name)
	}
	require.Zero(t, s.Clock().Offset())
	status, _ := send(t, s, "DELETE", "/clock", "", "")
	require.Equal(t, http.StatusMethodNotAllowed, status)
}

func TestDamagedClockStopsTheStart(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"cut": `{"born":"2026`, "empty": ``, "negative": `{"born":"2026-05-01T12:00:00Z","offset":"-1h"}`, "unborn": `{"offset":"1h"}`,
		"no duration": `{"born":"2026-05-01T12:00:00Z","offset":"x"}`, "other field": `{"born":"2026-05-01T12:00:00Z","offset":"1h","x":1}`,
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "clock.json"), []byte(content), 0o600))
		_, err := tenant.New(tenant.Options{StateDir: dir, Wall: func() time.Time { return wall }})
		require.Error(t, err, name)
	}
}

// TestDeletedUserFallsOut watches a soft delete to its end, over a restart, as make run does.
func TestDeletedUserFallsOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	var id string
	for _, p := range s.System("entra").(*entrasim.Directory).Users(entrasim.Contoso) {
		if strings.HasSuffix(p.UserPrincipalName, "former.worker@contoso.example") {
			id = p.ID
		}
	}
	item := "/v1.0/directory/deletedItems/" + id
	status, body := send(t, s, "GET", item, "", tenant.ReaderToken(entrasim.Contoso))
	require.Equal(t, http.StatusOK, status, body)
	status, _ = send(t, s, "POST", "/clock", `{"advance":"744h"}`, "")
	require.Equal(t, http.StatusOK, status)
	for _, server := range []*tenant.Server{s, open(t, dir)} {
		status, _ = send(t, server, "GET", item, "", tenant.ReaderToken(entrasim.Contoso))
		require.Equal(t, http.StatusNotFound, status)
		status, _ = send(t, server, "GET", "/sim/"+entrasim.Contoso+"/users/"+id+"/records", "", "")
		require.Equal(t, http.StatusNotFound, status)
	}
}

func TestTokensOfTheLocalWorld(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	jane := func(name string) string { return "/v1.0/users/jane@" + name + ".example" }
	for name, c := range map[string]struct {
		method, target, token string
		status                int
	}{
		"reads":                       {"GET", jane("contoso"), tenant.ReaderToken(entrasim.Contoso), 200},
		"not across":                  {"GET", jane("contoso"), tenant.ReaderToken(entrasim.Fabrikam), 404},
		"own":                         {"GET", jane("fabrikam"), tenant.ReaderToken(entrasim.Fabrikam), 200},
		"the reader does not delete":  {"DELETE", jane("contoso"), tenant.ReaderToken(entrasim.Contoso), 403},
		"the admin does":              {"DELETE", jane("fabrikam"), tenant.AdminToken("fabrikam"), 204},
		"none":                        {"GET", jane("contoso"), "", 401},
		"encoded path is not cleaned": {"GET", "/v1.0/users/..%2f..%2fclock", tenant.ReaderToken(entrasim.Contoso), 404},
	} {
		// Each case has a server of its own, since one of them deletes.
		status, body := send(t, open(t, ""), c.method, c.target, "", c.token)
		require.Equal(t, c.status, status, "%s: %s", name, body)
	}
	form := "grant_type=client_credentials&client_id=" + tenant.ClientID + "&client_secret=" + tenant.ClientSecret("contoso") + "&scope=x%2F.default"
	req := httptest.NewRequestWithContext(t.Context(), "POST", "/"+entrasim.Contoso+"/oauth2/v2.0/token", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	var answer struct {
		Token string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &answer))
	status, _ := send(t, s, "GET", jane("contoso"), "", answer.Token)
	require.Equal(t, http.StatusOK, status)
}

// TestLocalTokenReadsEverything holds that the reader's permissions suffice for every kind that
// the sample has.
func TestLocalTokenReadsEverything(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	for _, path := range []string{
		"/users", "/users/jane@contoso.example?$select=id,signInActivity,identities", "/users/jane@contoso.example?$select=employeeLeaveDateTime",
		"/users/jane@contoso.example/manager", "/users/jane@contoso.example/memberOf",
		"/users/jane@contoso.example/transitiveMemberOf", "/users/jane@contoso.example/ownedObjects", "/users/jane@contoso.example/createdObjects",
		"/users/jane@contoso.example/directReports", "/users/jane@contoso.example/licenseDetails", "/users/jane@contoso.example/appRoleAssignments",
		"/users/jane@contoso.example/oauth2PermissionGrants", "/users/jane@contoso.example/ownedDevices", "/users/jane@contoso.example/registeredDevices",
		"/users/jane@contoso.example/authentication/methods", "/users/jane@contoso.example/sponsors", "/users/jane@contoso.example/scopedRoleMemberOf",
		"/roleManagement/directory/roleAssignments", "/oauth2PermissionGrants", "/auditLogs/signIns", "/directory/deletedItems/graph.user", "/organization",
	} {
		status, body := send(t, s, "GET", "/v1.0"+path, "", tenant.ReaderToken(entrasim.Contoso))
		require.Equal(t, http.StatusOK, status, "%s: %s", path, body)
	}
	require.Zero(t, s.Graph().Stats().Violations)
}

func TestFaultsAndCounts(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	status, body := send(t, s, "POST", "/sim/faults", `{"seed":3,"rules":[{"throttle":1,"times":1}]}`, "")
	require.Equal(t, http.StatusOK, status, body)
	for _, want := range []int{429, 200} {
		status, _ = send(t, s, "GET", "/v1.0/organization", "", tenant.ReaderToken(entrasim.Contoso))
		require.Equal(t, want, status)
	}
	_, body = send(t, s, "GET", "/sim/faults", "", "")
	require.JSONEq(t, `{"seed":3,"rules":[{"throttle":1,"times":1}]}`, body)
	_, body = send(t, s, "GET", "/sim/stats", "", "")
	require.JSONEq(t, `{"calls":2,"routes":{"GET /organization":2},"statuses":{"200":1,"429":1},"faults":{"throttle":1},"violations":0}`, body)
	for name, wrong := range map[string]string{
		"rate": `{"rules":[{"throttle":2}]}`, "unknown": `{"rules":[{"chaos":1}]}`, "no JSON": `throttle`, "type": `{"seed":"x"}`, "two": `{}{}`,
	} {
		status, _ = send(t, s, "POST", "/sim/faults", wrong, "")
		require.Equal(t, http.StatusBadRequest, status, name)
	}
}

func TestOracle(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	_, body := send(t, s, "GET", "/sim/"+entrasim.Contoso+"/users", "", "")
	var users []entrasim.Person
	require.NoError(t, json.Unmarshal([]byte(body), &users))
	require.Len(t, users, 522)
	status, body := send(t, s, "GET", "/sim/"+entrasim.Contoso+"/users/"+users[1].ID+"/records", "", "")
	require.Equal(t, http.StatusOK, status)
	var records map[string][]map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &records))
	require.Equal(t, "jane@contoso.example", records["user"][0]["userPrincipalName"])
	require.Greater(t, len(records["memberOf"]), 100)
	for _, unknown := range []string{"/sim/nobody/users", "/sim/" + entrasim.Fabrikam + "/users/" + users[1].ID + "/records"} {
		status, _ = send(t, s, "GET", unknown, "", "")
		require.Equal(t, http.StatusNotFound, status)
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	status, body := send(t, s, "GET", "/", "", "")
	require.Equal(t, http.StatusOK, status)
	for _, want := range []string{"/v1.0", "/clock", "/sim/faults", entrasim.Contoso, "entra"} {
		require.Contains(t, body, want)
	}
	status, _ = send(t, s, "GET", "/elsewhere", "", "")
	require.Equal(t, http.StatusNotFound, status)
}
