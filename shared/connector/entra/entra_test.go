package entra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/connectortest"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

var born = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// token is a fixed bearer token.
type token string

func (t token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: born.AddDate(10, 0, 0)}, nil
}

// world is the sample organisation behind a simulated Graph.
type world struct {
	dir *entrasim.Directory
	sim *graphsim.Sim
	url string
	log *syncBuffer
}

// grants are the permissions of the tokens that the world knows.
var grants = map[string][]string{
	"all":           entra.Entry().Descriptor.Permissions,
	"no-life-cycle": except("User-LifeCycleInfo.Read.All"),
	"no-users":      except("User.Read.All", "Directory.Read.All"),
	"basic-users":   append(except("User.Read.All", "Directory.Read.All"), "User.ReadBasic.All"),
	"no-dir":        except("Directory.Read.All"),
	"no-roles":      except("Directory.Read.All", "RoleManagement.Read.Directory"),
	"no-audit":      except("AuditLog.Read.All"),
	"no-methods":    except("UserAuthenticationMethod.Read.All"),
}

func except(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(entra.Entry().Descriptor.Permissions), func(p string) bool { return slices.Contains(names, p) })
}

// newWorld has a directory of its own, which the test may change.
func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := entrasim.NewSample(atBirth, born)
	require.NoError(t, err)
	return serve(t, dir)
}

// sharedDirectory is for tests that only read: making a directory takes most of a test's time.
var sharedDirectory = sync.OnceValues(func() (*entrasim.Directory, error) { return entrasim.NewSample(atBirth, born) })

func atBirth() time.Time { return born }

// serve puts a directory behind a simulator of its own, with its own faults and counts.
func serve(t *testing.T, dir *entrasim.Directory) *world {
	t.Helper()
	w := &world{dir: dir, log: &syncBuffer{}}
	var err error
	w.sim, err = graphsim.New(graphsim.Options{
		Tenants: map[string]graphsim.TenantOptions{entrasim.Contoso: {Tokens: grants}},
		Sources: []graphsim.Source{w.dir}, Clocks: clock.Same(atBirth), Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	})
	require.NoError(t, err)
	server := httptest.NewServer(w.sim)
	t.Cleanup(server.Close)
	w.url = server.URL
	t.Cleanup(func() { require.Zero(t, w.sim.Stats().Violations) })
	return w
}

func (w *world) settings(tok string) connector.Settings {
	return connector.Settings{Tenant: entrasim.Contoso, Name: entra.System, Endpoint: w.url, Credential: token(tok), Clocks: clock.Same(atBirth)}
}

func (w *world) open(t *testing.T, tok string) *entra.Connector {
	t.Helper()
	c, err := entra.New(w.settings(tok))
	require.NoError(t, err)
	return c
}

// id is the object id of somebody, deleted or not.
func (w *world) id(t *testing.T, upn string) string {
	t.Helper()
	for _, p := range w.dir.Users(entrasim.Contoso) {
		if p.UserPrincipalName == upn || p.Deleted && p.UserPrincipalName[32:] == upn {
			return p.ID
		}
	}
	t.Fatal("nobody has that name")
	return ""
}

func ident(kind, value string) dsr.Identifier {
	return dsr.Identifier{Kind: kind, Value: pii.New(value)}
}

func harness() connectortest.Harness {
	return connectortest.Harness{Entry: entra.Entry(), New: func(t *testing.T) connectortest.Simulation {
		dir, err := sharedDirectory()
		require.NoError(t, err)
		w := serve(t, dir)
		return connectortest.Simulation{
			Settings: w.settings("all"), BadToken: w.settings("forged"),
			Without: func(kind string) (connector.Settings, bool) {
				tok, ok := withoutPermissionOf(kind)
				return w.settings(tok), ok
			},
			Known:  known(t, w),
			Nobody: nobody(),
			Shared: ident(entra.OtherMail, "family.lee@home.example"),
			Rich:   w.id(t, "jane@contoso.example"),
			Oracle: func(object string) map[string][]json.RawMessage { return w.oracle(t, object) },
			Fail:   func(f connectortest.Failure) { require.NoError(t, w.sim.SetFaults(faults(f))) },
			Calls:  func() int { return w.sim.Stats().Calls },
			Log:    w.log.String,
		}
	}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness())
}

func known(t *testing.T, w *world) []connectortest.Known {
	jane, maria, luis := w.id(t, "jane@contoso.example"), w.id(t, "maria.guest_partner.example#EXT#@contoso.example"), w.id(t, "luis_mail.example#EXT#@contoso.example")
	former := w.id(t, "former.worker@contoso.example")
	return []connectortest.Known{
		{Identifier: ident(dsr.ObjectID, jane), Object: jane},
		{Identifier: ident(dsr.UserPrincipalName, "Jane@Contoso.example"), Object: jane},
		{Identifier: ident(dsr.Email, "jd+work@mail.example"), Object: jane},
		{Identifier: ident(dsr.Phone, "+14255550100"), Object: jane},
		{Identifier: ident(dsr.Phone, "+14255550101"), Object: jane}, // written "+1 425 555 0101"
		{Identifier: ident(dsr.EmployeeID, "E00042"), Object: jane},
		{Identifier: ident(entra.OtherMail, "jane.doe@home.example"), Object: jane},
		{Identifier: ident(entra.ProxyAddress, "jane@mail.contoso.example"), Object: jane},
		{Identifier: ident(entra.ProxyAddress, "SMTP:jane@contoso.example"), Object: jane},
		{Identifier: ident(entra.ExternalSignInName, "contoso.example|jane.customer@shop.example"), Object: jane},
		{Identifier: ident(entra.ExternalSignInName, "luis@mail.example"), Object: luis},
		{Identifier: ident(entra.GuestAddress, "maria.guest@partner.example"), Object: maria},
		{Identifier: ident(dsr.Email, "pat.o'brien@contoso.example"), Object: w.id(t, "pat.o'brien@contoso.example")},
		{Identifier: ident(dsr.Email, "plus+tag@contoso.example"), Object: w.id(t, "plus+tag@contoso.example")},
		{Identifier: ident(dsr.UserPrincipalName, "ona.prem@contoso.example"), Object: w.id(t, "ona.prem@contoso.example")},
		{Identifier: ident(dsr.UserPrincipalName, "former.worker@contoso.example"), Object: former, Partial: true},
		{Identifier: ident(dsr.Phone, "+14255550120"), Object: former, Partial: true},
		{Identifier: ident(dsr.ObjectID, former), Object: former, Partial: true},
	}
}

func nobody() []dsr.Identifier {
	return []dsr.Identifier{
		ident(dsr.ObjectID, "99999999-0000-4000-8000-000000000000"), ident(dsr.UserPrincipalName, "worker@contoso.example"),
		ident(dsr.Email, "nobody.o'nobody#1/x@contoso.example"), ident(dsr.Phone, "+14255559999"), ident(dsr.EmployeeID, "X99999"),
		ident(entra.OtherMail, "nobody@home.example"), ident(entra.ProxyAddress, "sip:nobody@contoso.example"),
		ident(entra.ExternalSignInName, "google.com|nobody@mail.example"), ident(entra.GuestAddress, "nobody@partner.example"),
	}
}

func withoutPermissionOf(kind string) (string, bool) {
	if kind == "" {
		return "basic-users", true
	}
	switch kind {
	case "leave-date":
		return "no-life-cycle", true
	case "sign-in-activity":
		return "no-audit", true
	case "authentication-methods":
		return "no-methods", true
	case "directory-roles":
		return "no-roles", true
	case "member-of", "transitive-member-of", "administrative-unit-roles", "app-role-assignments", "oauth2-grants":
		return "no-dir", true
	}
	return "no-users", true
}

func faults(f connectortest.Failure) graphsim.Faults {
	rule := graphsim.FaultRule{}
	switch f {
	case connectortest.Throttle:
		rule.Throttle, rule.RetryAfter = 1, "30"
	case connectortest.Unavailable:
		rule.Unavailable = 1
	case connectortest.CutBody:
		rule.CutBody = 1
	}
	return graphsim.Faults{Rules: []graphsim.FaultRule{rule}}
}

func (w *world) oracle(t *testing.T, object string) map[string][]json.RawMessage {
	t.Helper()
	records, ok := w.dir.Records(entrasim.Contoso, object)
	require.True(t, ok)
	out := map[string][]json.RawMessage{}
	for kind, rs := range entrasim.Expected(entra.Entry().Descriptor, records) {
		for _, r := range rs {
			b, err := json.Marshal(r)
			require.NoError(t, err)
			out[kind] = append(out[kind], b)
		}
	}
	return out
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
