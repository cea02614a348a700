package graphsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

const (
	tenantA = "aaaaaaaa-0000-0000-0000-000000000000"
	tenantB = "bbbbbbbb-0000-0000-0000-000000000000"
	userID  = "00000000-0000-4000-8000-000000000001"
)

var born = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return born }

// source is a small directory: seven users for tenant A, one for tenant B, and routes that
// misbehave on purpose.
type source struct {
	users map[string][]graphsim.Record
	extra []graphsim.Route
}

func (s source) Routes() []graphsim.Route {
	return append([]graphsim.Route{
		{Method: http.MethodGet, Path: "/users", Handle: func(c *graphsim.Call) (graphsim.Answer, *graphsim.Error) {
			return graphsim.Many(s.users[c.Tenant]), nil
		}},
		{Method: http.MethodGet, Path: "/users/{user-id}", Handle: func(c *graphsim.Call) (graphsim.Answer, *graphsim.Error) {
			for _, u := range s.users[c.Tenant] {
				if u["id"] == c.Params["user-id"] || u["userPrincipalName"] == c.Params["user-id"] {
					return graphsim.One(u), nil
				}
			}
			return graphsim.Answer{}, graphsim.NotFound()
		}},
		{Method: http.MethodPatch, Path: "/users/{user-id}", Handle: func(c *graphsim.Call) (graphsim.Answer, *graphsim.Error) {
			if c.Body["displayName"] != "New Name" {
				return graphsim.Answer{}, graphsim.BadRequest("Unexpected body.")
			}
			return graphsim.NoContent(), nil
		}},
	}, s.extra...)
}

func user(n int, upn string) graphsim.Record {
	return graphsim.Record{
		"id": userID[:len(userID)-1] + string(rune('0'+n)), "userPrincipalName": upn, "displayName": "Person O'Brien", "mail": upn,
		"mobilePhone": "+447700900001", "accountEnabled": n%2 == 0, "createdDateTime": born.AddDate(0, 0, n).Format(time.RFC3339),
		"otherMails":     []any{"other" + upn},
		"proxyAddresses": []any{"SMTP:" + upn, "smtp:alias" + upn},
		"identities":     []any{graphsim.Record{"signInType": "emailAddress", "issuer": "a.example", "issuerAssignedId": "ext" + upn}},
		"employeeId":     nil,
	}
}

func smallDirectory() source {
	s := source{users: map[string][]graphsim.Record{tenantB: {user(9, "b@b.example")}}}
	for n := 1; n <= 7; n++ {
		s.users[tenantA] = append(s.users[tenantA], user(n, string(rune('a'+n-1))+"@a.example"))
	}
	return s
}

func options(s graphsim.Source) graphsim.Options {
	return graphsim.Options{
		Tenants: map[string]graphsim.TenantOptions{
			tenantA: {
				Tokens:  map[string][]string{"token-a": {"User.ReadWrite.All"}, "token-weak": {"Device.Read.All"}},
				Clients: map[string]graphsim.Client{"app": {Secret: "s3cret", Permissions: []string{"User.Read.All"}}},
			},
			tenantB: {Tokens: map[string][]string{"token-b": {"User.Read.All"}}},
		},
		Sources: []graphsim.Source{s}, Clocks: clock.Same(fixedNow), PageSize: 3,
	}
}

func start(t *testing.T, o graphsim.Options) (*graphsim.Sim, *httptest.Server) {
	t.Helper()
	sim, err := graphsim.New(o)
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server
}

type response struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
	err    error // of reading the body
}

func (r response) code() string {
	e, _ := r.body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func (r response) values() []map[string]any {
	list, _ := r.body["value"].([]any)
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}

func do(t *testing.T, req *http.Request, token string) response {
	t.Helper()
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	out := response{status: res.StatusCode, header: res.Header, raw: string(raw), err: err}
	_ = json.Unmarshal(raw, &out.body)
	return out
}

func get(t *testing.T, token, address string, header ...string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return do(t, req, token)
}

// query escapes the values of name=value pairs as the SDK does: a literal $, the rest
// percent-encoded.
func query(pairs ...string) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, pairs[i]+"="+url.QueryEscape(pairs[i+1]))
	}
	return "?" + strings.Join(parts, "&")
}

func ids(records []map[string]any) string {
	var out strings.Builder
	for _, r := range records {
		id, _ := r["id"].(string)
		out.WriteString(id[len(id)-1:])
	}
	return out.String()
}

func serve(t *testing.T, sim *graphsim.Sim) string {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return server.URL
}
