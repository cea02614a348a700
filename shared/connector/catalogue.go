package connector

import (
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Catalogue is the list of systems that have a connector, in the order in which packages show them.
type Catalogue []Entry

// Entry returns the entry of a system.
func (c Catalogue) Entry(system string) (Entry, bool) {
	i := slices.IndexFunc(c, func(e Entry) bool { return e.Descriptor.System == system })
	if i < 0 {
		return Entry{}, false
	}
	return c[i], true
}

// Systems returns the names of the systems.
func (c Catalogue) Systems() []string {
	var out []string
	for _, e := range c {
		out = append(out, e.Descriptor.System)
	}
	return out
}

// Describe returns what is known of the system that has this name in a tenant: what its connector
// says, or what the tenant declares. Where the tenant has a system of the catalogue several
// times, the title names which one is meant. False for a name that the tenant does not have.
func (c Catalogue) Describe(t tenant.Tenant, name string) (Descriptor, bool) {
	if declared, ok := t.DeclaredSystem(name); ok {
		return describeDeclared(declared), true
	}
	s, ok := t.System(name)
	if !ok {
		return Descriptor{}, false
	}
	e, ok := c.Entry(s.System)
	if !ok {
		return Descriptor{}, false
	}
	d := e.Descriptor
	if t.Instances(s.System) > 1 {
		d.Title += " (" + name + ")"
	}
	return d, true
}

func describeDeclared(s tenant.Declared) Descriptor {
	d := Descriptor{System: s.Name, Title: s.Title}
	for _, k := range s.Kinds {
		d.Kinds = append(d.Kinds, Kind{Name: k, Title: k})
	}
	for _, kind := range s.Identifiers {
		d.Identifiers = append(d.Identifiers, Identifier{Kind: kind})
	}
	return d
}
