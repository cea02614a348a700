package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func TestEveryEntryIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range catalog.Entries() {
		require.NoError(t, e.Descriptor.Validate())
		require.False(t, seen[e.Descriptor.System], "%s is listed twice", e.Descriptor.System)
		seen[e.Descriptor.System] = true
		require.NotNil(t, e.New)
		require.NotEmpty(t, e.Service)
	}
}

// A request names an identifier by its kind alone, so a kind means the same in every system.
func TestAKindOfIdentifierHasOneTitle(t *testing.T) {
	t.Parallel()
	titles := map[string]string{}
	for _, kind := range dsr.NamedKinds() {
		titles[kind] = ""
	}
	for _, e := range catalog.Entries() {
		for _, id := range e.Descriptor.Identifiers {
			if had := titles[id.Kind]; had != "" {
				require.Equal(t, had, id.Title, "%s in %s", id.Kind, e.Descriptor.System)
			}
			titles[id.Kind] = id.Title
		}
	}
}
