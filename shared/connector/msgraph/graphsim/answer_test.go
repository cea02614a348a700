package graphsim_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

func TestRoutesMustBeInTheContract(t *testing.T) {
	t.Parallel()
	nothing := func(*graphsim.Call) (graphsim.Answer, *graphsim.Error) { return graphsim.NoContent(), nil }
	for name, extra := range map[string]graphsim.Route{
		"unknown path":   {Method: http.MethodGet, Path: "/me", Handle: nothing},
		"unknown method": {Method: http.MethodPut, Path: "/users", Handle: nothing},
		"answered twice": {Method: http.MethodGet, Path: "/users", Handle: nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smallDirectory()
			s.extra = []graphsim.Route{extra}
			_, err := graphsim.New(options(s))
			require.Error(t, err)
		})
	}
}

// TestWrongAnswersAreCaught lets the source lie and expects a 500 and a count.
func TestWrongAnswersAreCaught(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]graphsim.Record{
		"undeclared property":        {"shoeSize": "44"},
		"property trimmed away":      {"employeeOrgData": nil},
		"string for a boolean":       {"accountEnabled": "true"},
		"number for a string":        {"displayName": 4},
		"object for an array":        {"otherMails": graphsim.Record{}},
		"number in an array":         {"otherMails": []any{4}},
		"null for an array":          {"otherMails": nil},
		"no date-time":               {"createdDateTime": "yesterday"},
		"fraction for an integer":    {"deviceEnrollmentLimit": 1.5},
		"integer too large":          {"deviceEnrollmentLimit": 1 << 40},
		"undeclared nested property": {"identities": []any{graphsim.Record{"colour": "red"}}},
		"no GUID":                    {"assignedLicenses": []any{graphsim.Record{"skuId": "E5"}}},
		"another type":               {"@odata.type": "#microsoft.graph.group"},
		"invented type":              {"@odata.type": "#microsoft.graph.person"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smallDirectory()
			selected := ""
			for property, v := range change {
				s.users[tenantA][0][property] = v
				selected = property
			}
			sim, err := graphsim.New(options(raw{s}))
			require.NoError(t, err)
			server := serve(t, sim)
			res := get(t, "token-a", server+"/v1.0/users/"+userID+"/manager")
			require.Equal(t, http.StatusInternalServerError, res.status, "%s: %s", selected, res.raw)
			require.Equal(t, "simulatorBrokeContract", res.code())
			require.Equal(t, 1, sim.Stats().Violations)
		})
	}
}

// raw serves the first user whole as everybody's manager, so that no selection hides a lie.
type raw struct{ source }

func (r raw) Routes() []graphsim.Route {
	return append(r.source.Routes(), graphsim.Route{
		Method: http.MethodGet, Path: "/users/{user-id}/manager",
		Handle: func(*graphsim.Call) (graphsim.Answer, *graphsim.Error) {
			return graphsim.One(r.users[tenantA][0]), nil
		},
	})
}
