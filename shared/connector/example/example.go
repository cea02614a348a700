package example

import (
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// system is the name of this system.
const system = "example"

// MemberNumber is a kind of identifier of this system's own.
const MemberNumber = "member-number"

// Permissions, as the service names them.
const (
	readMembers  = "members.read"
	readVisits   = "visits.read"
	readSegments = "segments.read"
)

// Names of the settings.
const (
	clubSetting     = "club"
	languageSetting = "language"
)

// kind is a kind of record, where it is read, and with which permission.
type kind struct {
	connector.Kind
	permission string
	path       string // below the member
	list       bool   // pages of records; otherwise one object, or 404 when there is none
}

// kinds are all kinds of record in the order in which they are exported.
var kinds = []kind{
	{
		Kind: connector.Kind{
			Name: "profile", Title: "Membership", Category: dsr.CustomerData, Provenance: dsr.Provided, ID: "id",
			Columns: []connector.Column{
				{Name: "id", Title: "Member id"},
				{Name: "number", Title: "Member number"},
				{Name: "name", Title: "Name"},
				{Name: "email", Title: "E-mail address"},
				{Name: "phone", Title: "Phone"},
				{Name: "state", Title: "State"},
			},
		},
		permission: readMembers,
	},
	{
		Kind: connector.Kind{
			Name: "visits", Title: "Visits", Category: dsr.CustomerData, Provenance: dsr.Observed, ID: "id",
			Columns: []connector.Column{{Name: "id", Title: "Visit"}, {Name: "at", Title: "When"}, {Name: "place", Title: "Where"}},
		},
		permission: readVisits, path: "/visits", list: true,
	},
	{
		Kind: connector.Kind{
			Name: "segment", Title: "Segment", Category: dsr.CustomerData, Provenance: dsr.Derived, ID: "id",
			Columns: []connector.Column{{Name: "id", Title: "Segment"}, {Name: "label", Title: "Label"}, {Name: "score", Title: "Score"}},
		},
		permission: readSegments, path: "/segment",
	},
}

// Entry is the line of this system in the catalogue.
func Entry() connector.Entry {
	return connector.Entry{Descriptor: describe(), Service: system, New: func(s connector.Settings) (connector.Connector, error) { return New(s) }}
}

func describe() connector.Descriptor {
	d := connector.Descriptor{
		System: system, Title: "Example loyalty club", Holds: "Members of a loyalty club, their visits and their segment.",
		Identifiers: []connector.Identifier{
			{Kind: dsr.ObjectID, Title: "Object id"},
			{Kind: dsr.Email, Title: "E-mail address"},
			{Kind: dsr.Phone, Title: "Phone number"},
			{Kind: MemberNumber, Title: "Member number"},
		},
		Permissions: []string{readMembers, readVisits, readSegments},
		Settings: []connector.Setting{
			{
				Name: clubSetting, Meaning: "which of the organisation's clubs is read, by its short name", Required: true,
				Form: "[a-z][0-9a-z-]{0,31}", Example: "north",
			},
			{Name: languageSetting, Meaning: "the language of labels, en or de", Form: "en|de", Example: "de"},
		},
	}
	for _, k := range kinds {
		d.Kinds = append(d.Kinds, k.Kind)
	}
	return d
}

// Connector reads one club of a tenant.
type Connector struct{ client *client }

var (
	_ connector.Discoverer = (*Connector)(nil)
	_ connector.Exporter   = (*Connector)(nil)
)

// New makes the connector of a club. It fails without an endpoint, a credential or the setting
// club.
func New(s connector.Settings) (*Connector, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, fmt.Errorf("example: %w", err)
	}
	return &Connector{client: c}, nil
}

// Descriptor says what is held here.
func (c *Connector) Descriptor() connector.Descriptor { return describe() }
