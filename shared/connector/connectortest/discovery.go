package connectortest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

func testDescriptor(t *testing.T, b *bench) {
	d := b.Entry.Descriptor
	require.NoError(t, d.Validate())
	require.Equal(t, d, b.open(b.Settings).Descriptor(), "the catalogue and the connector say the same")
	require.NotEmpty(t, d.Permissions)
	require.NotEmpty(t, b.Entry.Service)
	require.Empty(t, d.CheckSettings(b.Settings.Options), "the harness gives the settings that the system takes")
	for _, id := range d.Identifiers {
		has := func(i dsr.Identifier) bool { return i.Kind == id.Kind }
		require.True(t, slices.ContainsFunc(b.Known, func(k Known) bool { return has(k.Identifier) }), "the harness knows nobody by %s", id.Kind)
		require.True(t, slices.ContainsFunc(b.Nobody, has), "the harness has no %s of nobody", id.Kind)
		require.NotEmpty(t, id.Title)
	}
	for a, why := range d.Cannot {
		require.NotEmpty(t, why, "%s", a)
	}
}

func testFinds(t *testing.T, b *bench) {
	for _, k := range b.Known {
		d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{k.Identifier}})
		require.NoError(t, err, k.Identifier.Kind)
		require.Empty(t, d.Candidates, k.Identifier.Kind)
		require.NotEmpty(t, d.Findings, k.Identifier.Kind)
		requireFindings(t, b, d.Findings, k.Object)
		requireAsked(t, d.Asked)
	}
}

func requireFindings(t *testing.T, b *bench, fs []dsr.Finding, object string) {
	t.Helper()
	for _, f := range fs {
		k, ok := b.Entry.Descriptor.Kind(f.Kind)
		require.True(t, ok, "kind %q is not declared", f.Kind)
		require.Equal(t, dsr.Finding{System: place, Kind: k.Name, ID: object, Category: k.Category, Count: f.Count, State: f.State}, f)
		require.GreaterOrEqual(t, f.Count, int64(-1))
	}
}

func requireAsked(t *testing.T, asked []connector.Asked) {
	t.Helper()
	require.NotEmpty(t, asked, "an answer without a question proves nothing")
	for _, a := range asked {
		require.False(t, a.Query.Empty())
		require.NotEmpty(t, a.Permission)
		require.GreaterOrEqual(t, a.Records, int64(0))
	}
}

func testNobody(t *testing.T, b *bench) {
	for _, id := range b.Nobody {
		d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{id}, Name: pii.New("Jane Doe")})
		require.NoError(t, err, id.Kind)
		require.Empty(t, d.Findings, id.Kind)
		require.Empty(t, d.Candidates, id.Kind)
		requireAsked(t, d.Asked)
		for _, a := range d.Asked {
			require.Zero(t, a.Records, id.Kind)
		}
	}
	d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{{Kind: "kind-of-another-system", Value: pii.New("value-1")}}})
	require.NoError(t, err)
	require.Empty(t, d.Findings)
	require.NotEmpty(t, d.Reason, "what was never asked is not called absent")
}

func testShared(t *testing.T, b *bench) {
	d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{b.Shared}})
	require.NoError(t, err)
	requireCandidates(t, b, d, b.Shared.Kind)
}

func requireCandidates(t *testing.T, b *bench, d connector.Discovery, matched ...string) {
	t.Helper()
	require.Empty(t, d.Findings, "people are never merged")
	require.GreaterOrEqual(t, len(d.Candidates), 2)
	seen := map[string]bool{}
	for _, c := range d.Candidates {
		require.Equal(t, place, c.System)
		require.NotEmpty(t, c.ObjectID)
		require.False(t, seen[c.ObjectID], "a candidate is named twice")
		seen[c.ObjectID] = true
		require.NotEmpty(t, c.State)
		require.NotEmpty(t, c.Matched)
		require.Subset(t, matched, c.Matched)
	}
}

func testContradiction(t *testing.T, b *bench) {
	first := b.Known[0]
	for _, other := range b.Known {
		if other.Object == first.Object {
			continue
		}
		d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{first.Identifier, other.Identifier}})
		require.NoError(t, err)
		requireCandidates(t, b, d, first.Identifier.Kind, other.Identifier.Kind)
		return
	}
	t.Fatal("the harness knows one person only")
}

func testDecided(t *testing.T, b *bench) {
	d, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{b.Shared}})
	require.NoError(t, err)
	for _, c := range d.Candidates {
		got, err := b.discover(b.Settings, dsr.Subject{Identifiers: []dsr.Identifier{b.Shared}, Decided: pii.New(c.ObjectID)})
		require.NoError(t, err)
		require.Empty(t, got.Candidates)
		require.NotEmpty(t, got.Findings)
		requireFindings(t, b, got.Findings, c.ObjectID)
	}
}
