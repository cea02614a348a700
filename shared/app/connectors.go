package app

import (
	"errors"
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
	t, ok := c.app.document.Tenants.Tenant(tenant)
	if !ok || !slices.Contains(t.Systems, system) {
		return nil, &connector.Fault{Kind: connector.Rejected, System: system, Code: "not-in-document"}
	}
	entry, ok := c.entry(system)
	if !ok {
		return nil, &connector.Fault{Kind: connector.Rejected, System: system, Code: "not-in-catalogue"}
	}
	endpoint, ok := c.app.settings.Endpoint(entry.Service)
	if !ok {
		return nil, &connector.Fault{Kind: connector.Rejected, System: system, Code: "no-endpoint"}
	}
	cred, err := credential(c.app.settings, tenant)
	if err != nil {
		return nil, err
	}
	return entry.New(connector.Settings{
		Tenant: tenant, Endpoint: endpoint, Credential: cred, Transport: c.app.transport,
		Clocks: c.app.clocks, Log: c.app.log,
	})
}

func (c *connectors) entry(system string) (connector.Entry, bool) {
	i := slices.IndexFunc(c.app.entries, func(e connector.Entry) bool { return e.Descriptor.System == system })
	if i < 0 {
		return connector.Entry{}, false
	}
	return c.app.entries[i], true
}

// check reports every system of a tenant that cannot be reached under these settings, whatever happens at run time. It makes no call.
func (c *connectors) check() error {
	var errs []error
	for i, t := range c.app.document.Tenants {
		for j, system := range t.Systems {
			entry, ok := c.entry(system)
			if !ok {
				errs = append(errs, fmt.Errorf("tenants[%d].systems[%d]: %s is not in the catalogue", i, j, system))
				continue
			}
			if _, ok := c.app.settings.Endpoint(entry.Service); !ok {
				errs = append(errs, fmt.Errorf("tenants[%d].systems[%d]: %s needs the service %q, for which the cloud %s has no endpoint",
					i, j, system, entry.Service, c.app.settings.Cloud))
			}
		}
	}
	return errors.Join(errs...)
}
