package graphsim_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, server := start(t, options(smallDirectory()))
	for name, c := range map[string]struct {
		method, token, path string
		status              int
		code                string
	}{
		"no token":                             {"GET", "", "/v1.0/users", 401, "InvalidAuthenticationToken"},
		"unknown token":                        {"GET", "nobody", "/v1.0/users", 401, "InvalidAuthenticationToken"},
		"missing permission":                   {"GET", "token-weak", "/v1.0/users", 403, "Authorization_RequestDenied"},
		"read permission does not write":       {"PATCH", "token-b", "/v1.0/users/" + userID, 403, "Authorization_RequestDenied"},
		"path not in the contract":             {"GET", "token-a", "/v1.0/me", 404, "BadRequest"},
		"beta":                                 {"GET", "token-a", "/beta/users", 404, "BadRequest"},
		"method not in the contract":           {"PUT", "token-a", "/v1.0/users/" + userID, 405, "Request_BadRequest"},
		"in the contract and not simulated":    {"GET", "token-a", "/v1.0/devices", 501, "NotImplemented"},
		"function with arguments not played":   {"GET", "token-a", "/v1.0/users/x/exportDeviceAndAppManagementData(skip=0,top=10)", 501, "NotImplemented"},
		"unknown user":                         {"GET", "token-a", "/v1.0/users/nobody", 404, "Request_ResourceNotFound"},
		"unquoted key that begins with dollar": {"GET", "token-a", "/v1.0/users/$x", 400, "BadRequest"},
		"empty segment":                        {"GET", "token-a", "/v1.0/users//manager", 400, "BadRequest"},
		"malformed query":                      {"GET", "token-a", "/v1.0/users?$top=%zz", 400, "BadRequest"},
		"unknown option":                       {"GET", "token-a", "/v1.0/users?$apply=x", 400, "BadRequest"},
		"unknown parameter":                    {"GET", "token-a", "/v1.0/users?page=2", 400, "BadRequest"},
		"option twice":                         {"GET", "token-a", "/v1.0/users?$top=1&$top=2", 400, "BadRequest"},
		"top of nought":                        {"GET", "token-a", "/v1.0/users?$top=0", 400, "BadRequest"},
		"top of a thousand":                    {"GET", "token-a", "/v1.0/users?$top=1000", 400, "BadRequest"},
		"top on a single object":               {"GET", "token-a", "/v1.0/users/" + userID + "?$top=5", 400, "BadRequest"},
		"expand":                               {"GET", "token-a", "/v1.0/users?$expand=manager", 400, "Request_UnsupportedQuery"},
		"orderby":                              {"GET", "token-a", "/v1.0/users?$orderby=displayName", 400, "Request_UnsupportedQuery"},
		"search":                               {"GET", "token-a", "/v1.0/users?$search=x", 400, "Request_UnsupportedQuery"},
		"skip":                                 {"GET", "token-a", "/v1.0/users?$skip=2", 400, "BadRequest"},
		"select of an unknown property":        {"GET", "token-a", "/v1.0/users?$select=id,shoeSize", 400, "BadRequest"},
		"select of a trimmed property":         {"GET", "token-a", "/v1.0/users?$select=employeeOrgData", 400, "BadRequest"},
		"select of an annotation":              {"GET", "token-a", "/v1.0/users?$select=@odata.type", 400, "BadRequest"},
		"empty select":                         {"GET", "token-a", "/v1.0/users?$select=", 400, "BadRequest"},
		"filter on an unknown property":        {"GET", "token-a", "/v1.0/users?$filter=shoeSize%20eq%20'1'", 400, "BadRequest"},
		"count without eventual":               {"GET", "token-a", "/v1.0/users?$count=true", 400, "Request_UnsupportedQuery"},
		"made-up skip token":                   {"GET", "token-a", "/v1.0/users?$skiptoken=abc", 400, "BadRequest"},
		"body that is not JSON":                {"PATCH", "token-a", "/v1.0/users/" + userID, 400, "BadRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body io.Reader
			if c.method == http.MethodPatch {
				body = strings.NewReader("{")
			}
			req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, body)
			require.NoError(t, err)
			res := do(t, req, c.token)
			require.Equal(t, c.status, res.status, res.raw)
			require.Equal(t, c.code, res.code())
			requireODataError(t, res)
		})
	}
}

// requireODataError holds a refusal against the contract's error schema.
func requireODataError(t *testing.T, res response) {
	t.Helper()
	api, err := contract.Load()
	require.NoError(t, err)
	require.NoError(t, api.Check("ODataErrors.ODataError", res.body))
	inner := res.body["error"].(map[string]any)["innerError"].(map[string]any)
	require.Equal(t, res.header.Get("request-id"), inner["request-id"])
	require.NotEmpty(t, inner["client-request-id"])
}

func TestDelegatedOnlyIsDeniedToApps(t *testing.T) {
	t.Parallel()
	s := smallDirectory()
	s.extra = []graphsim.Route{{
		Method: http.MethodGet, Path: "/users/{user-id}/agreementAcceptances",
		Handle: func(*graphsim.Call) (graphsim.Answer, *graphsim.Error) { return graphsim.Many(nil), nil },
	}}
	_, server := start(t, options(s))
	require.Equal(t, http.StatusForbidden, get(t, "token-a", server.URL+"/v1.0/users/"+userID+"/agreementAcceptances").status)
}

func TestKeysOfAUser(t *testing.T) {
	t.Parallel()
	s := smallDirectory()
	s.users[tenantA] = append(s.users[tenantA], user(8, "pat.o'brien_x#EXT#@a.example"))
	_, server := start(t, options(s))
	for name, path := range map[string]string{
		"object id":              "/v1.0/users/" + userID,
		"object id quoted":       "/v1.0/users('" + userID + "')",
		"principal name":         "/v1.0/users/a@a.example",
		"principal name escaped": "/v1.0/users/pat.o%27brien_x%23EXT%23%40a.example",
		"doubled quote":          "/v1.0/users('pat.o''brien_x%23EXT%23@a.example')",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, http.StatusOK, get(t, "token-a", server.URL+path).status)
		})
	}
}

func TestTenantsAreWalledOff(t *testing.T) {
	t.Parallel()
	_, server := start(t, options(smallDirectory()))
	own := get(t, "token-b", server.URL+"/v1.0/users")
	require.Equal(t, "9", ids(own.values()))
	require.Equal(t, http.StatusNotFound, get(t, "token-b", server.URL+"/v1.0/users/"+userID).status)
	next := get(t, "token-a", server.URL+"/v1.0/users").body["@odata.nextLink"].(string)
	require.Equal(t, http.StatusBadRequest, get(t, "token-b", next).status, "another tenant's page token")
}

func TestSelect(t *testing.T) {
	t.Parallel()
	_, server := start(t, options(smallDirectory()))
	none := get(t, "token-a", server.URL+"/v1.0/users/"+userID).body
	require.Contains(t, none, "displayName")
	require.NotContains(t, none, "otherMails", "only the default properties without $select")
	some := get(t, "token-a", server.URL+"/v1.0/users/"+userID+query("$select", "otherMails, accountEnabled")).body
	delete(some, "@odata.context")
	require.Equal(t, map[string]any{"otherMails": []any{"othera@a.example"}, "accountEnabled": false}, some)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		top    string
		empty  float64
		header string
		pages  []string
	}{
		"default size":         {pages: []string{"123", "456", "7"}},
		"asked size":           {top: "4", pages: []string{"1234", "567"}},
		"exactly one page":     {top: "7", pages: []string{"1234567"}},
		"an empty page before": {top: "4", empty: 1, pages: []string{"", "1234", "", "567"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, server := start(t, options(smallDirectory()))
			require.NoError(t, sim.SetFaults(graphsim.Faults{Rules: []graphsim.FaultRule{{EmptyPage: c.empty}}}))
			next := server.URL + "/v1.0/users" + query("$select", "id,mail", "$filter", "startswith(displayName,'Person O''B')")
			if c.top != "" {
				next += "&$top=" + c.top
			}
			var pages []string
			for next != "" {
				require.True(t, strings.HasPrefix(next, server.URL+"/v1.0/users?"), "own host")
				res := get(t, "token-a", next)
				require.Equal(t, http.StatusOK, res.status, res.raw)
				pages = append(pages, ids(res.values()))
				next, _ = res.body["@odata.nextLink"].(string)
			}
			require.Equal(t, c.pages, pages)
		})
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	_, server := start(t, options(smallDirectory()))
	res := get(t, "token-a", server.URL+"/v1.0/users?$count=true", "ConsistencyLevel", "eventual")
	require.EqualValues(t, 7, res.body["@odata.count"])
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	now := born
	o := options(smallDirectory())
	o.Clocks.Wall = func() time.Time { return now }
	_, server := start(t, o)
	form := func(changes ...string) url.Values {
		f := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "scope": {"https://graph.microsoft.com/.default"},
		}
		for i := 0; i+1 < len(changes); i += 2 {
			f.Set(changes[i], changes[i+1])
		}
		return f
	}
	ask := func(tenant string, f url.Values) response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(f.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return do(t, req, "")
	}
	for name, c := range map[string]struct {
		tenant string
		form   url.Values
		status int
		code   string
	}{
		"unknown tenant": {"cccccccc-0000-0000-0000-000000000000", form(), 400, "invalid_request"},
		"wrong secret":   {tenantA, form("client_secret", "guess"), 401, "invalid_client"},
		"other tenant":   {tenantB, form(), 401, "invalid_client"},
		"other flow":     {tenantA, form("grant_type", "password"), 400, "unsupported_grant_type"},
		"single scope":   {tenantA, form("scope", "User.Read.All"), 400, "invalid_scope"},
	} {
		res := ask(c.tenant, c.form)
		require.Equal(t, c.status, res.status, name)
		require.Equal(t, c.code, res.body["error"], name)
	}
	res := ask(tenantA, form())
	require.Equal(t, http.StatusOK, res.status, res.raw)
	token := res.body["access_token"].(string)
	require.Equal(t, http.StatusOK, get(t, token, server.URL+"/v1.0/users").status)
	now = now.Add(time.Hour)
	require.Equal(t, http.StatusUnauthorized, get(t, token, server.URL+"/v1.0/users").status, "expired")
}

func TestZippedBody(t *testing.T) {
	t.Parallel()
	_, server := start(t, options(smallDirectory()))
	send := func(body string, zip bool) response {
		var b bytes.Buffer
		b.WriteString(body)
		if zip {
			b.Reset()
			z := gzip.NewWriter(&b)
			_, _ = z.Write([]byte(body))
			require.NoError(t, z.Close())
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, server.URL+"/v1.0/users/"+userID, &b)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		if zip || body == "not gzip" {
			req.Header.Set("Content-Encoding", "gzip")
		}
		return do(t, req, "token-a")
	}
	require.Equal(t, http.StatusNoContent, send(`{"displayName":"New Name"}`, true).status)
	require.Equal(t, http.StatusNoContent, send(`{"displayName":"New Name"}`, false).status)
	require.Equal(t, http.StatusBadRequest, send("not gzip", false).status, "the SDK's retry after 429 does this")
	require.Equal(t, http.StatusBadRequest, send(`{"shoeSize":"44"}`, false).status)
	require.Equal(t, http.StatusBadRequest, send(`{"displayName":44}`, false).status)
}

func TestIDsAreEchoed(t *testing.T) {
	t.Parallel()
	_, server := start(t, options(smallDirectory()))
	const id = "0f0f0f0f-1111-4222-8333-444444444444"
	res := get(t, "token-a", server.URL+"/v1.0/users", "client-request-id", id)
	require.Equal(t, id, res.header.Get("client-request-id"))
	require.NotEmpty(t, res.header.Get("request-id"))
	res = get(t, "token-a", server.URL+"/v1.0/users", "client-request-id", "jane@contoso.example")
	require.Equal(t, res.header.Get("request-id"), res.header.Get("client-request-id"), "what is no id is not echoed")
}

func TestLogHoldsNoValue(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := options(smallDirectory())
	o.Log = slog.New(slog.NewTextHandler(&out, nil))
	sim, err := graphsim.New(o)
	require.NoError(t, err)
	for _, path := range []string{
		"/v1.0/users/canary@a.example", "/v1.0/users/canary@a.example/nonsense/canary", "/v1.0/canary", "/canary/oauth2/v2.0/token",
		"/v1.0/users?$filter=" + url.QueryEscape("mail eq 'canary'"), "/v1.0/users?$filter=" + url.QueryEscape("canary eq 'canary'"),
		"/v1.0/users?canary=1", "/v1.0/users?$select=canary",
	} {
		req, err := http.NewRequest(http.MethodGet, "http://graph.test"+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer token-a")
		req.Header.Set("client-request-id", "canary")
		w := recorder{header: http.Header{}}
		sim.ServeHTTP(&w, req)
		if w.status >= 400 {
			require.NotContains(t, w.body.String(), "canary", path)
		}
	}
	require.Contains(t, out.String(), "GET /users/{user-id}")
	require.NotContains(t, out.String(), "canary")
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
