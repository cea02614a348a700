package app

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// tenants is the document as the steps see it.
type tenants struct{ *App }

// IDs are those of all configured tenants.
func (a tenants) IDs() []string {
	return a.document.Tenants.IDs()
}

// Descriptors are the tenant's systems under their names, for the words of its packages.
func (a tenants) Descriptors(tenant string) []connector.Descriptor {
	var out []connector.Descriptor
	t, _ := a.document.Tenants.Tenant(tenant)
	for _, name := range t.SystemNames() {
		if d, ok := a.catalogue.Describe(t, name); ok {
			d.System = name
			out = append(out, d)
		}
	}
	return out
}

// Formats returns the tabular forms that a tenant wants beside JSON.
func (a tenants) Formats(tenant string) []tabular.Format {
	t, _ := a.document.Tenants.Tenant(tenant)
	out := []tabular.Format{}
	for _, f := range t.Package.Formats {
		out = append(out, tabular.Format(f))
	}
	return out
}

// Retention is how long a package of the tenant is kept.
func (a tenants) Retention(tenant string) time.Duration {
	t, _ := a.document.Tenants.Tenant(tenant)
	return t.Package.Retention()
}

// Tenant returns the words that a package of the tenant holds.
func (a tenants) Tenant(id string) (archive.Tenant, error) {
	t, ok := a.document.Tenants.Tenant(id)
	if !ok {
		return archive.Tenant{}, fmt.Errorf("tenant %s is not in the document", id)
	}
	return archive.Tenant{ID: t.ID, Name: t.Name, Formats: a.Formats(id), Statements: statements(t.Statements)}, nil
}

func statements(s tenant.Statements) archive.Statements {
	return archive.Statements{
		Purposes: s.Purposes, Categories: s.Categories, Recipients: s.Recipients, Retention: s.Retention, Rights: s.Rights, Sources: s.Sources,
		AutomatedDecisions: s.AutomatedDecisions, SoldOrShared: s.SoldOrShared,
	}
}

// Destination is where a tenant's packages of that name go; "" is our own container.
func (a tenants) Destination(tenant, name string) (blob.Ref, error) {
	if name == "" {
		return blob.Ref{Container: blob.Packages}, nil
	}
	t, _ := a.document.Tenants.Tenant(tenant)
	d, ok := t.Destination(name)
	if !ok {
		return blob.Ref{}, errors.New("the tenant has no destination of that name")
	}
	return blob.Ref{Account: d.Account, Container: d.Container}, nil
}

// readDocument reads the YAML document that the settings name.
func readDocument(s config.Settings, c connector.Catalogue) (*config.Document, error) {
	text, err := os.ReadFile(s.Config)
	if err != nil {
		return nil, fmt.Errorf("RIGHTSDESK_CONFIG: the document cannot be read: %w", err)
	}
	return config.Parse(text, s.Deployment(c))
}
