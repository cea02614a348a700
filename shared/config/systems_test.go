package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// withSystems is the whole document with another list of systems, which begins on line 12.
func withSystems(list string) []byte {
	return []byte(strings.Replace(document(), "    systems: [entra]\n", "    systems:\n"+list, 1))
}

func TestASystemMayStandSeveralTimesInATenant(t *testing.T) {
	t.Parallel()
	doc, err := config.Parse(withSystems(`      - entra
      - {name: entra-emea, system: entra}
      - {system: club, region: north}
      - name: club-south
        system: club
        region: south
        language: de
`), deployment)
	require.NoError(t, err)
	one := doc.Tenants[0]
	require.Equal(t, []tenant.Instance{
		tenant.Plain("entra"),
		{Name: "entra-emea", System: "entra", Settings: map[string]string{}},
		{Name: "club", System: "club", Settings: map[string]string{"region": "north"}},
		{Name: "club-south", System: "club", Settings: map[string]string{"region": "south", "language": "de"}},
	}, one.Systems)
	require.Equal(t, []string{"entra", "entra-emea", "club", "club-south", "paper-files"}, one.SystemNames())
	south, ok := one.System("club-south")
	require.True(t, ok)
	require.Equal(t, "club", south.System)
	require.Equal(t, 2, one.Instances("club"))
}

func TestAMistakeInASystemIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ list, want string }{
		"a system twice under one name":     {"      - entra\n      - entra\n", "line 14: tenants[0].systems[1]: the tenant has a system of this name already"},
		"two systems under one name":        {"      - entra\n      - {system: club, region: north, name: entra}\n", "line 14: tenants[0].systems[1].name: this is the name of another"},
		"two instances under one name":      {"      - {system: club, region: north}\n      - {system: club, region: south}\n", "line 14: tenants[0].systems[1]: the tenant has a system of this name already"},
		"a name that is not a name":         {"      - {system: entra, name: EMEA}\n", "line 13: tenants[0].systems[0].name: a name is"},
		"a name that is empty":              {"      - {system: entra, name: ''}\n", "line 13: tenants[0].systems[0].name: a name is"},
		"no system":                         {"      - {name: entra}\n", "line 13: tenants[0].systems[0]: the catalogue has no such system"},
		"an unknown system with settings":   {"      - name: x\n        system: intune\n", "line 14: tenants[0].systems[0].system: the catalogue has no such system, only entra, club"},
		"a setting that nobody takes":       {"      - system: entra\n        region: north\n", "line 14: tenants[0].systems[0].region: the system entra takes no settings"},
		"an unknown setting":                {"      - system: club\n        region: north\n        colour: red\n", "line 15: tenants[0].systems[0].colour: the system club does not take this setting; it takes region, language"},
		"a required setting that is absent": {"      - entra\n      - club\n", "line 14: tenants[0].systems[1].region: the system club needs this setting: the region that is meant, such as north"},
		"a value of another form":           {"      - system: club\n        region: North\n", "line 14: tenants[0].systems[0].region: the region that is meant is expected, such as north"},
		"a value with more than the form":   {"      - system: club\n        region: north\n        language: de-AT\n", "line 15: tenants[0].systems[0].language"},
		"a number for a text":               {"      - system: club\n        region: 7\n", "line 14: tenants[0].systems[0].region: a text is expected"},
		"a list for a text":                 {"      - system: club\n        region: [north]\n", "line 14: tenants[0].systems[0].region: a text is expected"},
		"a key that is given twice":         {"      - system: club\n        region: north\n        region: south\n", "line 15: tenants[0].systems[0].region: this key is given twice"},
		"a list for a system":               {"      - [entra]\n", "line 13: tenants[0].systems[0]: keys with values are expected"},
		"a number for a system":             {"      - 7\n", "line 13: tenants[0].systems[0]: keys with values are expected"},
		"the name of a declared system":     {"      - {system: entra, name: paper-files}\n", "tenants[0].declared[0].name: a name is [a-z][0-9a-z-]{0,62}, unique in the tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse(withSystems(c.list), deployment)
			require.ErrorContains(t, err, c.want)
		})
	}
}
