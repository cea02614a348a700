package entra

import (
	"context"
	"fmt"
	"slices"

	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// System is the name of this system.
const System = "entra"

// Kinds of identifier of this system's own.
const (
	OtherMail          = "other-mail"
	ProxyAddress       = "proxy-address"
	ExternalSignInName = "external-sign-in-name"
	GuestAddress       = "guest-invited-address"
)

// Entry is the line of this system in the catalogue.
func Entry() connector.Entry {
	return connector.Entry{Descriptor: describe(), Service: cloud.Graph, New: func(s connector.Settings) (connector.Connector, error) { return New(s) }}
}

func describe() connector.Descriptor {
	d := connector.Descriptor{
		System: System, Title: "Microsoft Entra ID",
		Holds: "User accounts of the tenant's directory, also deleted ones for 30 days: profile, relations, memberships, roles, licences, consents, devices and authentication methods.",
		Identifiers: []connector.Identifier{
			{Kind: dsr.ObjectID, Title: "Object id"},
			{Kind: dsr.UserPrincipalName, Title: "User principal name"},
			{Kind: dsr.Email, Title: "E-mail address"},
			{Kind: dsr.Phone, Title: "Phone number"},
			{Kind: dsr.EmployeeID, Title: "Employee id"},
			{Kind: OtherMail, Title: "Other e-mail address"},
			{Kind: ProxyAddress, Title: "Proxy address, with its scheme (smtp: when there is none)"},
			{Kind: ExternalSignInName, Title: "External sign-in name, as issuer|name"},
			{Kind: GuestAddress, Title: "Address to which a guest was invited"},
		},
		Permissions: []string{readUsers, readDirectory, readAudit, readRoles, readMethods, readLifeCycle},
	}
	for _, k := range kinds {
		d.Kinds = append(d.Kinds, k.Kind)
	}
	return d
}

// Connector reads the directory of one tenant.
type Connector struct {
	name  string // in the tenant
	graph *msgraph.Client
}

var (
	_ connector.Discoverer = (*Connector)(nil)
	_ connector.Exporter   = (*Connector)(nil)
	_ connector.Prober     = (*Connector)(nil)
)

// New makes the connector of a tenant. It fails when the settings name no endpoint of Graph or
// no credential.
func New(s connector.Settings) (*Connector, error) {
	g, err := msgraph.New(s)
	if err != nil {
		return nil, fmt.Errorf("entra: %w", err)
	}
	return &Connector{name: s.Name, graph: g.For(s.Name)}, nil
}

// Descriptor says what is held here.
func (c *Connector) Descriptor() connector.Descriptor { return describe() }

// Probe asks for one user, with a property that takes the permission to read whole profiles.
// Its error is a *connector.Fault that says what is wrong.
func (c *Connector) Probe(ctx context.Context) error {
	top := int32(1)
	r, err := c.graph.SDK().Users().ToGetRequestInformation(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Top: &top, Select: lookupSelect},
	})
	if err != nil {
		return fmt.Errorf("entra: probe: %w", err)
	}
	_, err = c.graph.List(ctx, msgraph.Query{Request: r, Permission: readUsers}, "")
	return err
}

// kindsOf returns the kinds of a scope in the order of the export.
func kindsOf(s connector.Scope) []kind {
	var out []kind
	for _, k := range kinds {
		if slices.Contains(s.Kinds, k.Name) {
			out = append(out, k)
		}
	}
	return out
}
