// Package tenant holds what a tenant has decided: its systems, the actions it takes, its
// packages and what they say.
package tenant

import (
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Tenants are all tenants of a deployment, in the order of the document.
type Tenants []Tenant

// Tenant returns the tenant with that id.
func (ts Tenants) Tenant(id string) (Tenant, bool) {
	i := slices.IndexFunc(ts, func(t Tenant) bool { return t.ID == id })
	if i < 0 {
		return Tenant{}, false
	}
	return ts[i], true
}

// IDs returns the ids of the tenants.
func (ts Tenants) IDs() []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.ID)
	}
	return out
}

// Accounts returns the URL of every blob account that a destination names, each once.
func (ts Tenants) Accounts() []string {
	var out []string
	for _, t := range ts {
		for _, d := range t.Destinations {
			out = append(out, d.Account)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Tenant is a directory and what is done for it.
type Tenant struct {
	ID           string        `yaml:"id"` // GUID of the directory
	Name         string        `yaml:"name"`
	Systems      []Instance    `yaml:"systems"`
	Actions      []dsr.Action  `yaml:"actions"` // that data subjects may ask for
	Declared     []Declared    `yaml:"declared"`
	Destinations []Destination `yaml:"destinations"`
	Package      Package       `yaml:"package"`
	Records      Records       `yaml:"records"`
	Statements   Statements    `yaml:"statements"`
}

// Takes reports whether data subjects of the tenant may ask for the action.
func (t Tenant) Takes(a dsr.Action) bool { return slices.Contains(t.Actions, a) }

// SystemNames returns the names of the tenant's systems, those of the catalogue first.
func (t Tenant) SystemNames() []string {
	var out []string
	for _, s := range t.Systems {
		out = append(out, s.Name)
	}
	for _, d := range t.Declared {
		out = append(out, d.Name)
	}
	return out
}

// System returns the system of the catalogue that has this name in the tenant.
func (t Tenant) System(name string) (Instance, bool) {
	i := slices.IndexFunc(t.Systems, func(s Instance) bool { return s.Name == name })
	if i < 0 {
		return Instance{}, false
	}
	return t.Systems[i], true
}

// Instances counts how often the tenant has a system of the catalogue.
func (t Tenant) Instances(system string) int {
	n := 0
	for _, s := range t.Systems {
		if s.System == system {
			n++
		}
	}
	return n
}

// DeclaredSystem returns the declared system of that name.
func (t Tenant) DeclaredSystem(name string) (Declared, bool) {
	i := slices.IndexFunc(t.Declared, func(d Declared) bool { return d.Name == name })
	if i < 0 {
		return Declared{}, false
	}
	return t.Declared[i], true
}

// Destination returns the destination of that name.
func (t Tenant) Destination(name string) (Destination, bool) {
	i := slices.IndexFunc(t.Destinations, func(d Destination) bool { return d.Name == name })
	if i < 0 {
		return Destination{}, false
	}
	return t.Destinations[i], true
}

// Instance is one place that a tenant has in a system of the catalogue: an environment, a
// workspace, an account. A tenant may have several of the same system, under different names.
type Instance struct {
	// Name is unique in the tenant, by default the system's. Tasks, folders and findings carry it.
	Name     string
	System   string            // name of the system in the catalogue
	Settings map[string]string // which place it is; the system's descriptor says what it takes
}

// Plain returns the instance of a system that a tenant has once and without settings.
func Plain(system string) Instance { return Instance{Name: system, System: system} }

// Declared is a system without a connector: people do there what was asked, and the package
// names it.
type Declared struct {
	Name        string                  `yaml:"name"`
	Title       string                  `yaml:"title"`
	Kinds       []string                `yaml:"kinds"`       // of data, in words
	Identifiers []string                `yaml:"identifiers"` // by which a person is found there
	Actions     map[string]Instructions `yaml:"actions"`     // each that the tenant takes
}

// Instructions say what a person does.
type Instructions struct {
	Instructions string `yaml:"instructions"`
	Link         string `yaml:"link"` // https, where it is done
}

// Destination is a container of the tenant's own that packages may go to. A request gives its
// name and never a URL.
type Destination struct {
	Name      string `yaml:"name"`
	Account   string `yaml:"account"` // URL of the blob endpoint
	Container string `yaml:"container"`
}

// Package is how packages are made and how long they are kept.
type Package struct {
	RetentionDays int      `yaml:"retentionDays"` // 1 to 365, default 30
	Formats       []Format `yaml:"formats"`       // beside JSON, default csv
}

// Retention is how long a package is kept after it was made, by the business clock.
func (p Package) Retention() time.Duration { return time.Duration(p.RetentionDays) * 24 * time.Hour }

// Records is how long the records of a request are kept after it has ended: the request itself,
// its events, findings and key.
type Records struct {
	RetentionMonths int `yaml:"retentionMonths"` // 24 to 120, default 36
}

// Format is a form in which records are handed over. Every package has JSON; the tabular forms
// are the tenant's choice.
type Format string

// The formats. The text is also the extension of a file's name.
const (
	JSON Format = "json"
	CSV  Format = "csv"
	XLSX Format = "xlsx"
	XML  Format = "xml"
)

// Tabular are the formats that a tenant may choose, in the order in which a package
// has them.
func Tabular() []Format { return []Format{CSV, XLSX, XML} }
