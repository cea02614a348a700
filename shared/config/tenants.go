package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

func (c *checker) tenant(t *tenant.Tenant, path string) {
	if !dsr.ValidGUID(t.ID) {
		c.at(path+".id", "the directory's id is expected, a lower-case GUID")
	}
	if strings.TrimSpace(t.Name) == "" {
		c.at(path+".name", "a name is needed")
	}
	for i := range t.Systems {
		c.system(t, i, fmt.Sprintf("%s.systems[%d]", path, i))
	}
	if len(t.Systems)+len(t.Declared) == 0 {
		c.at(path+".systems", "at least one system is needed, of the catalogue or declared")
	}
	if len(t.Actions) == 0 {
		c.at(path+".actions", "at least one action is needed")
	}
	for i, a := range t.Actions {
		if !slices.Contains(dsr.Requestable(), a) || slices.Contains(t.Actions[:i], a) {
			c.at(fmt.Sprintf("%s.actions[%d]", path, i), "one of %s is expected, each once", join(dsr.Requestable()))
		}
	}
	for i := range t.Declared {
		c.declared(t, i, fmt.Sprintf("%s.declared[%d]", path, i))
	}
	c.destinations(t, path)
	c.packages(t, path)
	if i := slices.IndexFunc(t.Actions, dsr.Action.Explained); i >= 0 {
		c.statements(t.Actions[i], t.Statements, path+".statements")
	}
}

// system checks one place that the tenant has in a system of the catalogue.
func (c *checker) system(t *tenant.Tenant, i int, path string) {
	s := t.Systems[i]
	key := func(name string) string { // A system that is given by its name alone has no keys.
		if c.lines[path+"."+name] == 0 {
			return path
		}
		return path + "." + name
	}
	entry, ok := c.to.Catalogue.Entry(s.System)
	if !ok {
		c.at(key("system"), "the catalogue has no such system, only %s; a system without a connector is listed under declared",
			strings.Join(c.to.Catalogue.Systems(), ", "))
		return
	}
	_, another := c.to.Catalogue.Entry(s.Name)
	switch {
	case !dsr.ValidName(s.Name):
		c.at(key("name"), "a name is [a-z][0-9a-z-]{0,62}")
	case another && s.Name != s.System:
		c.at(key("name"), "this is the name of another system of the catalogue")
	case slices.ContainsFunc(t.Systems[:i], func(o tenant.Instance) bool { return o.Name == s.Name }):
		c.at(key("name"), "the tenant has a system of this name already; a system that is listed several times needs a name for each")
	}
	for _, m := range entry.Descriptor.CheckSettings(s.Settings) {
		c.at(path+"."+m.Setting, "%s", m.Text)
	}
}

func (c *checker) declared(t *tenant.Tenant, i int, path string) {
	d := t.Declared[i]
	_, inCatalogue := c.to.Catalogue.Entry(d.Name)
	_, connected := t.System(d.Name)
	if !dsr.ValidName(d.Name) || inCatalogue || connected ||
		slices.ContainsFunc(t.Declared[:i], func(o tenant.Declared) bool { return o.Name == d.Name }) {
		c.at(path+".name", "a name is [a-z][0-9a-z-]{0,62}, unique in the tenant and not one of the catalogue")
	}
	if strings.TrimSpace(d.Title) == "" {
		c.at(path+".title", "a title is needed")
	}
	if len(d.Kinds) == 0 {
		c.at(path+".kinds", "at least one kind of data is needed")
	}
	for _, name := range sorted(d.Actions) {
		if !slices.Contains(dsr.Requestable(), dsr.Action(name)) {
			c.at(path+".actions."+name, "one of %s is expected", join(dsr.Requestable()))
		}
		if l := d.Actions[name].Link; l != "" && !httpsURL(l) {
			c.at(path+".actions."+name+".link", "an https URL without query is expected")
		}
	}
	for _, a := range t.Actions {
		if strings.TrimSpace(d.Actions[string(a)].Instructions) == "" {
			c.at(path+".actions."+string(a), "instructions are needed for every action that the tenant takes")
		}
	}
	for j, kind := range d.Identifiers {
		if !kindName.MatchString(kind) {
			c.at(fmt.Sprintf("%s.identifiers[%d]", path, j), "a kind of identifier is [a-z][0-9A-Za-z-]{0,62}")
		}
	}
}

var (
	kindName      = regexp.MustCompile(`^[a-z][0-9A-Za-z-]{0,62}$`)
	containerName = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,62}$`)
)

func (c *checker) destinations(t *tenant.Tenant, path string) {
	for i, d := range t.Destinations {
		at := fmt.Sprintf("%s.destinations[%d]", path, i)
		if !dsr.ValidName(d.Name) || slices.ContainsFunc(t.Destinations[:i], func(o tenant.Destination) bool { return o.Name == d.Name }) {
			c.at(at+".name", "a name is [a-z][0-9a-z-]{0,62} and used once")
		}
		if !blobAccount(d.Account, c.to.StorageSuffix) && (!c.to.Local || !Loopback(d.Account)) {
			c.at(at+".account", "the URL of a blob account in the configured cloud is expected: https://{account}.blob.%s", c.to.StorageSuffix)
		}
		if !containerName.MatchString(d.Container) {
			c.at(at+".container", "the name of a container is expected")
		}
	}
}

func (c *checker) packages(t *tenant.Tenant, path string) {
	c.bounded(path, &t.Package.RetentionDays, retention.PackageDays)
	c.bounded(path, &t.Records.RetentionMonths, retention.RecordMonths)
	if c.lines[path+".package.formats"] == 0 {
		t.Package.Formats = []tenant.Format{tenant.CSV}
	}
	for i, f := range t.Package.Formats {
		if !slices.Contains(tenant.Tabular(), f) || slices.Contains(t.Package.Formats[:i], f) {
			c.at(fmt.Sprintf("%s.package.formats[%d]", path, i), "one of %s is expected, each once; JSON is always there", join(tenant.Tabular()))
		}
	}
}

// bounded checks how long a tenant keeps something, and fills in the default.
func (c *checker) bounded(path string, n *int, b retention.Bounds) {
	path += "." + b.Setting
	if c.lines[path] == 0 {
		*n = b.Default
	}
	if *n < b.Min || *n > b.Max {
		c.at(path, "%d to %d %s are expected", b.Min, b.Max, b.Unit)
	}
}

// statements refuses a tenant that takes an action that is explained in words, and lacks the
// statements of Art. 15(1).
func (c *checker) statements(a dsr.Action, s tenant.Statements, path string) {
	for _, st := range []struct {
		name string
		text []string
	}{
		{"purposes", s.Purposes},
		{"categories", s.Categories},
		{"sources", s.Sources},
		{"recipients", s.Recipients},
		{"retention", s.Retention},
		{"rights", s.Rights},
		{"automatedDecisions", s.AutomatedDecisions},
		{"soldOrShared", s.SoldOrShared},
	} {
		if len(st.text) == 0 || slices.ContainsFunc(st.text, func(p string) bool { return strings.TrimSpace(p) == "" }) {
			c.at(path+"."+st.name, "the action %s needs this statement (GDPR Art. 15(1)), one text or more and none empty", a)
		}
	}
}
