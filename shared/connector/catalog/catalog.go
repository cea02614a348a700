// Package catalog is the list of systems that have a connector.
//
// It alone imports connectors: adding a system is one line here.
package catalog

import (
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra"
)

// Entries are all systems that have a connector, in the order in which packages show them.
func Entries() connector.Catalogue {
	return connector.Catalogue{
		entra.Entry(),
	}
}
