package config

import (
	"encoding/hex"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Document is the YAML document of tenants and callers.
type Document struct {
	Version int      `yaml:"version"`
	Queue   Queue    `yaml:"queue"`
	Callers []Caller `yaml:"callers"`
	Tenants []Tenant `yaml:"tenants"`
}

// Queue says as whom messages on dsr-bulk act.
type Queue struct {
	Caller string `yaml:"caller"`
}

// Caller is a machine that may call.
type Caller struct {
	Name      string   `yaml:"name"`
	KeySHA256 string   `yaml:"keySHA256"` // 64 lower-case hex digits; none: the caller of the queue, which nobody can be by HTTP
	Tenants   []string `yaml:"tenants"`
	Rights    []string `yaml:"rights"`
}

// Tenant is a directory and what is done for it.
type Tenant struct {
	ID           string        `yaml:"id"` // GUID of the directory
	Name         string        `yaml:"name"`
	Systems      []string      `yaml:"systems"` // of the catalogue
	Actions      []dsr.Action  `yaml:"actions"` // that data subjects may ask for
	Declared     []Declared    `yaml:"declared"`
	Destinations []Destination `yaml:"destinations"`
	Package      Package       `yaml:"package"`
	Statements   Statements    `yaml:"statements"`
}

// Declared is a system without a connector: people do there what was asked, and the package names it.
type Declared struct {
	Name        string                  `yaml:"name"`
	Title       string                  `yaml:"title"`
	Kinds       []string                `yaml:"kinds"`       // of data, in words
	Identifiers []string                `yaml:"identifiers"` // kinds of identifier that people find a person by there
	Actions     map[string]Instructions `yaml:"actions"`     // for each action that the tenant takes
}

// Instructions say what a person does.
type Instructions struct {
	Instructions string `yaml:"instructions"`
	Link         string `yaml:"link"` // https, where it is done
}

// Destination is a container of the tenant's own that packages may go to. A request names it and never gives a URL.
type Destination struct {
	Name      string `yaml:"name"`
	Account   string `yaml:"account"` // URL of the blob endpoint
	Container string `yaml:"container"`
}

// Package is how packages are made and how long they are kept.
type Package struct {
	RetentionDays int      `yaml:"retentionDays"` // 1 to 365, default 30
	Formats       []string `yaml:"formats"`       // csv, xlsx, xml beside JSON, which is always there; default csv
}

// Statements open a package of the action access: GDPR Art. 15(1)(a)-(h); Cal. Civ. Code § 1798.110(c) for what was sold or shared.
type Statements struct {
	Purposes           []string `yaml:"purposes"`
	Categories         []string `yaml:"categories"`
	Sources            []string `yaml:"sources"`
	Recipients         []string `yaml:"recipients"`
	Retention          []string `yaml:"retention"`
	Rights             []string `yaml:"rights"`
	AutomatedDecisions []string `yaml:"automatedDecisions"`
	SoldOrShared       []string `yaml:"soldOrShared"`
}

// Tenant returns the tenant with that id.
func (d *Document) Tenant(id string) (Tenant, bool) {
	i := slices.IndexFunc(d.Tenants, func(t Tenant) bool { return t.ID == id })
	if i < 0 {
		return Tenant{}, false
	}
	return d.Tenants[i], true
}

// Known returns the callers as auth matches them.
func (d *Document) Known() []auth.Known {
	var out []auth.Known
	for _, c := range d.Callers {
		k := auth.Known{Caller: auth.Caller{Name: c.Name, Tenants: c.Tenants}}
		for _, r := range c.Rights {
			k.Rights = append(k.Rights, auth.Right(r))
		}
		if b, err := hex.DecodeString(c.KeySHA256); err == nil {
			copy(k.Key[:], b)
		}
		out = append(out, k)
	}
	return out
}

// QueueCaller returns the caller that messages on dsr-bulk act as.
func (d *Document) QueueCaller() (auth.Caller, bool) {
	for _, k := range d.Known() {
		if k.Name == d.Queue.Caller {
			return k.Caller, true
		}
	}
	return auth.Caller{}, false
}

// Takes reports whether data subjects of the tenant may ask for the action.
func (t Tenant) Takes(a dsr.Action) bool { return slices.Contains(t.Actions, a) }

// SystemNames returns the tenant's systems, those of the catalogue first.
func (t Tenant) SystemNames() []string {
	out := slices.Clone(t.Systems)
	for _, d := range t.Declared {
		out = append(out, d.Name)
	}
	return out
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

// Accounts returns the URL of every blob account that a destination names, each once.
func (d *Document) Accounts() []string {
	var out []string
	for _, t := range d.Tenants {
		for _, dest := range t.Destinations {
			out = append(out, dest.Account)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
