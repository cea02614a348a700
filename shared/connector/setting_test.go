package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

func club() connector.Descriptor {
	return connector.Descriptor{
		System: "club", Title: "Loyalty club", Holds: "Members.", Identifiers: []connector.Identifier{{Kind: dsr.Email, Title: "E-mail"}},
		Settings: []connector.Setting{
			{Name: "region", Meaning: "the region that is meant", Form: "north|south", Example: "north", Required: true},
			{Name: "language", Meaning: "the language of the labels", Form: "[a-z]{2}", Example: "en"},
		},
	}
}

func TestTheSettingsThatATenantGives(t *testing.T) {
	t.Parallel()
	const needed = "the system club needs this setting: the region that is meant, such as north"
	for name, c := range map[string]struct {
		given map[string]string
		want  []connector.Mistake
	}{
		"what is needed":           {map[string]string{"region": "south"}, nil},
		"all there is":             {map[string]string{"region": "south", "language": "de"}, nil},
		"nothing":                  {nil, []connector.Mistake{{Setting: "region", Text: needed}}},
		"the beginning of a value": {map[string]string{"region": "nor"}, []connector.Mistake{{Setting: "region", Text: "the region that is meant is expected, such as north"}}},
		"more than a value":        {map[string]string{"region": "north\n"}, []connector.Mistake{{Setting: "region", Text: "the region that is meant is expected, such as north"}}},
		"several mistakes": {map[string]string{"colour": "red", "language": "German"}, []connector.Mistake{
			{Setting: "colour", Text: "the system club does not take this setting; it takes region, language"},
			{Setting: "language", Text: "the language of the labels is expected, such as en"},
			{Setting: "region", Text: needed},
		}},
	} {
		require.Equal(t, c.want, club().CheckSettings(c.given), name)
	}
	none := connector.Descriptor{System: "plain"}
	require.Equal(t, []connector.Mistake{{Setting: "region", Text: "the system plain takes no settings"}}, none.CheckSettings(map[string]string{"region": "north"}))
}

func TestADescriptorSaysItsSettingsWhole(t *testing.T) {
	t.Parallel()
	require.NoError(t, club().Validate())
	for name, s := range map[string]connector.Setting{
		"no name":                           {Meaning: "x", Form: ".", Example: "x"},
		"a key that every system has":       {Name: "system", Meaning: "x", Form: ".", Example: "x"},
		"a name that is used twice":         {Name: "region", Meaning: "x", Form: ".", Example: "x"},
		"no meaning":                        {Name: "one", Form: ".", Example: "x"},
		"no form":                           {Name: "one", Meaning: "x"},
		"a form that cannot be read":        {Name: "one", Meaning: "x", Form: "(", Example: "x"},
		"an example that has another form":  {Name: "one", Meaning: "x", Form: "[0-9]", Example: "x"},
		"an example that begins in another": {Name: "one", Meaning: "x", Form: "[0-9]", Example: "77"},
	} {
		d := club()
		d.Settings = append(d.Settings, s)
		require.ErrorContains(t, d.Validate(), "setting", name)
	}
}

func TestASystemIsDescribedUnderItsNameInATenant(t *testing.T) {
	t.Parallel()
	c := connector.Catalogue{{Descriptor: club()}, {Descriptor: connector.Descriptor{System: "plain", Title: "Plain"}}}
	one := tenant.Tenant{
		Systems: []tenant.Instance{
			tenant.Plain("plain"), {Name: "north", System: "club"}, {Name: "club", System: "club"}, tenant.Plain("gone"),
		},
		Declared: []tenant.Declared{{Name: "paper", Title: "Paper files", Kinds: []string{"contracts"}, Identifiers: []string{"customer-number"}}},
	}
	for name, want := range map[string]connector.Descriptor{
		"plain": {System: "plain", Title: "Plain"},
		"north": func() connector.Descriptor { d := club(); d.Title = "Loyalty club (north)"; return d }(),
		"club":  func() connector.Descriptor { d := club(); d.Title = "Loyalty club (club)"; return d }(),
		"paper": {
			System: "paper", Title: "Paper files", Kinds: []connector.Kind{{Name: "contracts", Title: "contracts"}},
			Identifiers: []connector.Identifier{{Kind: "customer-number"}},
		},
	} {
		got, ok := c.Describe(one, name)
		require.True(t, ok, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"gone", "south", ""} {
		_, ok := c.Describe(one, name)
		require.False(t, ok, name)
	}
	require.Equal(t, []string{"club", "plain"}, c.Systems())
}
