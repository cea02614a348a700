package entrasim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

var born = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

var everything = []string{
	"User.Read.All", "User.ReadWrite.All", "User.DeleteRestore.All", "Directory.Read.All", "AuditLog.Read.All", "UserAuthenticationMethod.Read.All",
	"RoleManagement.Read.Directory", "User-LifeCycleInfo.Read.All",
}

// world is a sample organisation behind a simulated Graph, with a clock that tests move.
type world struct {
	directory *entrasim.Directory
	sim       *graphsim.Sim
	contract  *contract.Contract
	now       time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: born}
	now := func() time.Time { return w.now }
	var err error
	w.directory, err = entrasim.NewSample(now, born)
	require.NoError(t, err)
	w.contract, err = contract.Load()
	require.NoError(t, err)
	w.sim, err = graphsim.New(graphsim.Options{
		Tenants: map[string]graphsim.TenantOptions{
			entrasim.Contoso: {Tokens: map[string][]string{
				"contoso": everything, "basic": {"User.ReadBasic.All"}, "nolog": {"User.Read.All"},
			}},
			entrasim.Fabrikam: {Tokens: map[string][]string{"fabrikam": everything}},
		},
		Sources: []graphsim.Source{w.directory}, Clocks: clock.Same(now),
	})
	require.NoError(t, err)
	return w
}

func (w *world) call(t *testing.T, method, token, target, body string, header ...string) (int, map[string]any) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, req)
	var out map[string]any
	if rec.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &out))
	}
	return rec.Code, out
}

func (w *world) get(t *testing.T, token, target string, header ...string) (int, map[string]any) {
	t.Helper()
	return w.call(t, http.MethodGet, token, target, "", header...)
}

// list pages through a collection and holds every page against the contract's JSON Schema.
func (w *world) list(t *testing.T, token, template, target string, header ...string) (records []map[string]any, pages int) {
	t.Helper()
	for target != "" {
		status, body := w.get(t, token, target, header...)
		require.Equal(t, http.StatusOK, status, "%s: %v", template, body)
		require.NoError(t, w.contract.Validate(w.contract.AnswerType(template), body))
		for _, v := range body["value"].([]any) {
			records = append(records, v.(map[string]any))
		}
		pages++
		target, _ = body["@odata.nextLink"].(string)
	}
	return records, pages
}

func (w *world) find(t *testing.T, token, filter string) []string {
	t.Helper()
	records, _ := w.list(t, token, "/users", "/v1.0/users?$count=true&$select=userPrincipalName&$filter="+url.QueryEscape(filter), "ConsistencyLevel", "eventual")
	out := []string{}
	for _, r := range records {
		out = append(out, r["userPrincipalName"].(string))
	}
	return out
}

func idOf(t *testing.T, d *entrasim.Directory, tenant, upn string) string {
	t.Helper()
	for _, p := range d.Users(tenant) {
		if strings.HasSuffix(p.UserPrincipalName, upn) {
			return p.ID
		}
	}
	t.Fatalf("no %s", upn)
	return ""
}
