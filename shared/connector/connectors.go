package connector

import (
	"errors"

	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// ErrNotConfigured says that a tenant has no system of a name, or no longer.
var ErrNotConfigured = errors.New("connector: the tenant has no system of that name")

// Connectors finds the connector of a system of a tenant.
type Connectors interface {
	// Connector returns the connector of the system of that name in the tenant. The error is
	// ErrNotConfigured where the tenant has no such system.
	Connector(tenant, name string) (Connector, error)
}

// HashQuery is the keyed token of a query within a tenant. It proves that the query was asked and
// tells nothing about whom.
func HashQuery(t *pii.Tokens, tenant string, query pii.Value) string {
	return t.Token(tenant, "query", query)
}
