package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func library() connector.Descriptor {
	return connector.Descriptor{
		System: "library", Title: "Library", Holds: "Readers and loans.",
		Identifiers: []connector.Identifier{{Kind: dsr.Email, Title: "E-mail address"}},
		Kinds: []connector.Kind{
			{Name: "reader", Title: "Reader", Category: dsr.CustomerData, Provenance: dsr.Provided, ID: "id", Columns: []connector.Column{{Name: "id", Title: "Number"}}},
			{Name: "mood", Title: "Mood", Category: dsr.CustomerData, Provenance: dsr.Derived, ID: "id", Columns: []connector.Column{{Name: "id", Title: "Number"}}},
		},
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	t.Parallel()
	require.NoError(t, library().Validate())
	for name, tc := range map[string]struct {
		spoil func(*connector.Descriptor)
		want  string
	}{
		"a name with a capital":       {func(d *connector.Descriptor) { d.System = "Library" }, `descriptor "Library": the name of a system must match`},
		"no title":                    {func(d *connector.Descriptor) { d.Title = "" }, "title and holds are needed"},
		"nothing said of the data":    {func(d *connector.Descriptor) { d.Holds = "" }, "title and holds are needed"},
		"nobody can be found":         {func(d *connector.Descriptor) { d.Identifiers = nil }, "an identifier is needed"},
		"a kind twice":                {func(d *connector.Descriptor) { d.Kinds[1].Name = "reader" }, `kind "reader" is declared twice`},
		"a kind with a space":         {func(d *connector.Descriptor) { d.Kinds[0].Name = "a reader" }, `kind "a reader": the name must match`},
		"a kind without a title":      {func(d *connector.Descriptor) { d.Kinds[0].Title = "" }, "title, category, id and columns are needed"},
		"a kind without a category":   {func(d *connector.Descriptor) { d.Kinds[0].Category = "" }, "title, category, id and columns are needed"},
		"a kind without an id":        {func(d *connector.Descriptor) { d.Kinds[0].ID = "" }, "title, category, id and columns are needed"},
		"a kind without columns":      {func(d *connector.Descriptor) { d.Kinds[0].Columns = nil }, "title, category, id and columns are needed"},
		"an unknown provenance":       {func(d *connector.Descriptor) { d.Kinds[0].Provenance = "guessed" }, "the provenance must be provided, observed or derived"},
		"a column without a name":     {func(d *connector.Descriptor) { d.Kinds[0].Columns[0].Name = "" }, `column "" needs a name and a title`},
		"a column without a title":    {func(d *connector.Descriptor) { d.Kinds[0].Columns[0].Title = "" }, `column "id" needs a name and a title`},
		"a column twice":              {func(d *connector.Descriptor) { d.Kinds[0].Columns = append(d.Kinds[0].Columns, d.Kinds[0].Columns[0]) }, `column "id" is declared twice`},
		"several faults, all of them": {func(d *connector.Descriptor) { d.Title, d.Identifiers = "", nil }, "title and holds are needed\ndescriptor \"library\": an identifier is needed"},
	} {
		d := library()
		tc.spoil(&d)
		require.ErrorContains(t, d.Validate(), tc.want, name)
	}
}

func TestKindsForAnAction(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"reader", "mood"}, library().KindsFor(dsr.Access))
	require.Equal(t, []string{"reader"}, library().KindsFor(dsr.Export), "what is derived is left out of an export (GDPR Art. 20)")
	k, ok := library().Kind("mood")
	require.True(t, ok)
	require.Equal(t, "Mood", k.Title)
	_, ok = library().Kind("loan")
	require.False(t, ok)
}
