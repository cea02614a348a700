package app

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// entry is a system that notes what it was made from.
func entry(system, service string, made map[string]string) connector.Entry {
	return connector.Entry{
		Descriptor: connector.Descriptor{System: system}, Service: service,
		New: func(s connector.Settings) (connector.Connector, error) {
			made[system] = s.Endpoint
			return nil, nil
		},
	}
}

func wired(t *testing.T, graph string, entries ...connector.Entry) (*App, error) {
	t.Helper()
	s, err := config.Load(func(name string) string {
		return map[string]string{
			"AzureWebJobsStorage": "UseDevelopmentStorage=true", "RIGHTSDESK_GRAPH": graph, "RIGHTSDESK_KEYS": filepath.Join(t.TempDir(), "keys.json"),
		}[name]
	})
	require.NoError(t, err)
	doc := &config.Document{Version: 1, Tenants: []tenant.Tenant{{ID: "11111111-1111-1111-1111-111111111111", Name: "T", Systems: []tenant.Instance{tenant.Plain("one"), tenant.Plain("two")}}}}
	return wire(s, doc, Options{Clocks: RealClocks(), Log: slog.New(slog.DiscardHandler), Catalogue: entries})
}

func TestEachConnectorGetsItsOwnServicesEndpoint(t *testing.T) {
	t.Parallel()
	made := map[string]string{}
	a, err := wired(t, "http://127.0.0.1:7080", entry("one", "graph", made), entry("two", "crm", made))
	require.NoError(t, err)
	for _, system := range []string{"one", "two"} {
		_, err := a.connectors.Connector("11111111-1111-1111-1111-111111111111", system)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]string{"one": "http://127.0.0.1:7080", "two": "http://127.0.0.1:7080/crm"}, made)
}

func TestEachConnectorGetsBothClocks(t *testing.T) {
	t.Parallel()
	wall := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var got connector.Settings
	one := connector.Entry{
		Descriptor: connector.Descriptor{System: "one"}, Service: "graph",
		New: func(s connector.Settings) (connector.Connector, error) { got = s; return nil, nil },
	}
	a, err := wired(t, "http://127.0.0.1:7080", one, entry("two", "graph", map[string]string{}))
	require.NoError(t, err)
	a.clocks = clock.Clocks{Wall: func() time.Time { return wall }, Business: func() time.Time { return wall.AddDate(0, 1, 0) }}
	_, err = a.connectors.Connector("11111111-1111-1111-1111-111111111111", "one")
	require.NoError(t, err)
	require.Equal(t, wall, got.Clocks.Wall())
	require.Equal(t, wall.AddDate(0, 1, 0), got.Clocks.Business())
}

func TestAServiceWithoutEndpointStopsTheStart(t *testing.T) {
	t.Parallel()
	made := map[string]string{}
	_, err := wired(t, "", entry("one", "graph", made), entry("two", "crm", made))
	require.ErrorContains(t, err, `tenants[0].systems[1]: two needs the service "crm", for which the cloud public has no endpoint`)
	require.NotContains(t, err.Error(), "systems[0]")
	_, err = wired(t, "", entry("one", "graph", made))
	require.ErrorContains(t, err, "tenants[0].systems[1]: two is not in the catalogue")
}
