package example_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/connectortest"
	"github.com/rightsdesk/rightsdesk/shared/connector/example"
	"github.com/rightsdesk/rightsdesk/shared/connector/example/examplesim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

const tenant = "11111111-1111-1111-1111-111111111111"

type token string

func (t token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func ident(kind, value string) dsr.Identifier {
	return dsr.Identifier{Kind: kind, Value: pii.New(value)}
}

func member(n string) string { return "00000000-0000-4000-9000-00000000000" + n }

var failures = map[connectortest.Failure]examplesim.Failure{
	connectortest.Works: examplesim.Works, connectortest.Throttle: examplesim.Throttles,
	connectortest.Unavailable: examplesim.Unavailable, connectortest.CutBody: examplesim.CutsBodies,
}

// tokens by the kind whose permission they lack; "all" lacks none.
var tokens = map[string]examplesim.Grant{
	"all":     {Tenant: tenant, Permissions: []string{"members.read", "visits.read", "segments.read"}},
	"profile": {Tenant: tenant, Permissions: []string{"visits.read", "segments.read"}},
	"visits":  {Tenant: tenant, Permissions: []string{"members.read", "segments.read"}},
	"segment": {Tenant: tenant, Permissions: []string{"members.read", "visits.read"}},
}

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, connectortest.Harness{Entry: example.Entry(), New: newSimulation})
}

func newSimulation(t *testing.T) connectortest.Simulation {
	sim := examplesim.New(tokens)
	server := httptest.NewServer(http.StripPrefix("/example", sim))
	t.Cleanup(server.Close)
	settings := func(name string) connector.Settings {
		return connector.Settings{Tenant: tenant, Options: map[string]string{"club": "north"}, Endpoint: server.URL + "/example", Credential: token(name)}
	}
	return connectortest.Simulation{
		Settings: settings("all"), BadToken: settings("forged"),
		Without: func(kind string) (connector.Settings, bool) {
			if kind == "" {
				kind = "profile"
			}
			return settings(kind), true
		},
		Known: []connectortest.Known{
			{Identifier: ident(dsr.Email, "jane@contoso.example"), Object: member("1")},
			{Identifier: ident(dsr.ObjectID, member("1")), Object: member("1")},
			{Identifier: ident(dsr.Phone, "+14255550120"), Object: member("4")},
			{Identifier: ident(example.MemberNumber, "M-100003"), Object: member("3")},
		},
		Nobody: []dsr.Identifier{
			ident(dsr.Email, "nobody@contoso.example"), ident(dsr.ObjectID, member("9")), ident(dsr.Phone, "+14255559999"),
			ident(example.MemberNumber, "M-999999"),
		},
		Shared: ident(dsr.Phone, "+14255550177"),
		Rich:   member("1"),
		Oracle: func(object string) map[string][]json.RawMessage {
			records, ok := sim.Records(tenant, object)
			require.True(t, ok)
			out := map[string][]json.RawMessage{}
			for kind, rs := range records {
				for _, r := range rs {
					b, err := json.Marshal(r)
					require.NoError(t, err)
					out[kind] = append(out[kind], b)
				}
			}
			return out
		},
		Fail:  func(f connectortest.Failure) { sim.Fail(failures[f]) },
		Calls: sim.Calls,
	}
}
