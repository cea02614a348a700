package app

import (
	"errors"
	"fmt"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// connectors makes each connector of a tenant on its first use. It keeps them because their
// clients hold tokens and connections.
type connectors struct {
	app  *App
	mu   sync.Mutex
	made map[[2]string]connector.Connector // by tenant and name
}

func newConnectors(a *App) *connectors {
	return &connectors{app: a, made: map[[2]string]connector.Connector{}}
}

// Connector implements connector.Connectors.
func (c *connectors) Connector(tenant, name string) (connector.Connector, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{tenant, name}
	if conn, ok := c.made[key]; ok {
		return conn, nil
	}
	conn, err := c.make(tenant, name)
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", name, err)
	}
	c.made[key] = conn
	return conn, nil
}

func (c *connectors) make(tenant, name string) (connector.Connector, error) {
	refused := func(code string) error {
		return &connector.Fault{Kind: connector.Rejected, System: name, Code: code}
	}
	t, _ := c.app.document.Tenants.Tenant(tenant)
	s, ok := t.System(name)
	if !ok {
		return nil, connector.ErrNotConfigured
	}
	entry, ok := c.app.catalogue.Entry(s.System)
	if !ok {
		return nil, refused("not-in-catalogue")
	}
	endpoint, ok := c.app.settings.Endpoint(entry.Service)
	if !ok {
		return nil, refused("no-endpoint")
	}
	cred, err := credential(c.app.settings, tenant)
	if err != nil {
		return nil, err
	}
	return entry.New(connector.Settings{
		Tenant: tenant, Name: s.Name, Options: s.Settings, Endpoint: endpoint, Credential: cred, Transport: c.app.transport,
		Clocks: c.app.clocks, Log: c.app.log,
	})
}

// check reports every system of a tenant that these settings can never reach. It makes no call.
func (c *connectors) check() error {
	var errs []error
	for i, t := range c.app.document.Tenants {
		for j, s := range t.Systems {
			entry, ok := c.app.catalogue.Entry(s.System)
			if !ok {
				errs = append(errs, fmt.Errorf("tenants[%d].systems[%d]: %s is not in the catalogue", i, j, s.System))
				continue
			}
			if _, ok := c.app.settings.Endpoint(entry.Service); !ok {
				errs = append(errs, fmt.Errorf("tenants[%d].systems[%d]: %s needs the service %q, for which the cloud %s has no endpoint",
					i, j, s.System, entry.Service, c.app.settings.Cloud))
			}
		}
	}
	return errors.Join(errs...)
}
