package app

import (
	"fmt"
	"slices"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// connectors makes each tenant's connectors when they are first asked for and keeps them: clients hold tokens and connections.
type connectors struct {
	app  *App
	mu   sync.Mutex
	made map[[2]string]connector.Connector // by tenant and system
}

func newConnectors(a *App) *connectors {
	return &connectors{app: a, made: map[[2]string]connector.Connector{}}
}

func (c *connectors) get(tenant, system string) (connector.Connector, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{tenant, system}
	if conn, ok := c.made[key]; ok {
		return conn, nil
	}
	conn, err := c.make(tenant, system)
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", system, err)
	}
	c.made[key] = conn
	return conn, nil
}

func (c *connectors) make(tenant, system string) (connector.Connector, error) {
	t, ok := c.app.document.Tenant(tenant)
	if !ok || !slices.Contains(t.Systems, system) {
		return nil, &connector.Fault{Kind: connector.Rejected, System: system, Code: "not-in-document"}
	}
	i := slices.IndexFunc(c.app.entries, func(e connector.Entry) bool { return e.Descriptor.System == system })
	if i < 0 {
		return nil, &connector.Fault{Kind: connector.Rejected, System: system, Code: "not-in-catalogue"}
	}
	cred, err := credential(c.app.settings, tenant)
	if err != nil {
		return nil, err
	}
	endpoint := c.app.settings.Graph
	if endpoint == "" {
		endpoint = c.app.settings.Endpoints().Graph
	}
	return c.app.entries[i].New(connector.Settings{
		Tenant: tenant, Endpoint: endpoint, Credential: cred, Transport: c.app.transport, Now: c.app.clocks.Business, Log: c.app.log,
	})
}
