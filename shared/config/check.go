package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Bounds of a package's retention, in days.
const (
	DefaultRetentionDays = 30
	MinRetentionDays     = 1
	MaxRetentionDays     = 365
)

// World is what a document is checked against.
type World struct {
	Systems       []string // names of the catalogue
	StorageSuffix string   // of the configured cloud: destinations are blob accounts there, since the app's own token goes to them
	Local         bool     // loopback destinations and the published local keys are taken
}

// World is what a document is checked against under these settings.
func (s Settings) World(systems []string) World {
	return World{Systems: systems, StorageSuffix: s.Endpoints().StorageSuffix, Local: s.Local()}
}

// Parse reads the YAML document and reports everything that is wrong with it at once, each with its line. Defaults are filled in.
func Parse(text []byte, w World) (*Document, error) {
	doc := &Document{}
	d := decodeYAML(text, doc)
	c := checker{decoder: d, doc: doc, world: w}
	if len(d.lines) > 0 {
		c.document()
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return doc, nil
}

type checker struct {
	*decoder
	doc   *Document
	world World
}

// at reports a mistake on the line of a path, or of the nearest path above it that stands in the document.
func (c *checker) at(path, format string, args ...any) {
	where := path
	for c.lines[where] == 0 && where != "" {
		cut := strings.LastIndexAny(where, ".[")
		where = where[:max(cut, 0)]
	}
	c.errs = append(c.errs, mistake(c.lines[where], path, fmt.Sprintf(format, args...)))
}

func (c *checker) document() {
	if c.doc.Version != 1 {
		c.at("version", "version 1 is expected")
	}
	if len(c.doc.Tenants) == 0 {
		c.at("tenants", "at least one tenant is needed")
	}
	ids := map[string]bool{}
	for i := range c.doc.Tenants {
		t, path := &c.doc.Tenants[i], fmt.Sprintf("tenants[%d]", i)
		if ids[t.ID] {
			c.at(path+".id", "this tenant stands twice")
		}
		ids[t.ID] = true
		c.tenant(t, path)
	}
	c.callers()
}

func (c *checker) callers() {
	names, keys := map[string]bool{}, map[string]bool{}
	for i, caller := range c.doc.Callers {
		path := fmt.Sprintf("callers[%d]", i)
		if !dsr.ValidName(caller.Name) || names[caller.Name] {
			c.at(path+".name", "a name is [a-z][0-9a-z-]{0,62} and stands once")
		}
		names[caller.Name] = true
		c.key(caller, path, keys)
		if n := len(caller.Tenants); n == 0 || n > auth.MaxTenants {
			c.at(path+".tenants", "1 to %d tenants are expected", auth.MaxTenants)
		}
		for j, id := range caller.Tenants {
			if _, ok := c.doc.Tenants.Tenant(id); !ok || slices.Contains(caller.Tenants[:j], id) {
				c.at(fmt.Sprintf("%s.tenants[%d]", path, j), "this tenant is not in the document, or stands twice")
			}
		}
		if len(caller.Rights) == 0 {
			c.at(path+".rights", "at least one right is needed")
		}
		for j, r := range caller.Rights {
			if !slices.Contains(auth.Rights(), auth.Right(r)) || slices.Contains(caller.Rights[:j], r) {
				c.at(fmt.Sprintf("%s.rights[%d]", path, j), "not a right, or one that stands twice; the rights are %s", join(auth.Rights()))
			}
		}
	}
	if q := c.doc.Queue.Caller; q != "" {
		caller := c.doc.QueueCaller()
		if !caller.Has(auth.Bulk) || !caller.Has(auth.RequestsWrite) {
			c.at("queue.caller", "a caller of this document with the rights bulk and requests.write is expected")
		}
	}
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c *checker) key(caller Caller, path string, seen map[string]bool) {
	path += ".keySHA256"
	switch k := caller.KeySHA256; {
	case k == "" && caller.Name == c.doc.Queue.Caller:
		return // it acts for the queue and nobody can be it by HTTP
	case !hexDigest.MatchString(k):
		c.at(path, "the SHA-256 of the key is expected, 64 lower-case hex digits; only the queue's caller can be without")
	case strings.Trim(k, "0") == "":
		c.at(path, "this is no digest")
	case seen[k]:
		c.at(path, "two callers have the same key")
	case !c.world.Local && slices.Contains(localKeys(), k):
		c.at(path, "this is a published key of the local world: anybody knows it")
	}
	seen[caller.KeySHA256] = true
}

func (c *checker) tenant(t *tenant.Tenant, path string) {
	if !dsr.ValidGUID(t.ID) {
		c.at(path+".id", "the directory's id is expected, a lower-case GUID")
	}
	if strings.TrimSpace(t.Name) == "" {
		c.at(path+".name", "a name is needed")
	}
	for i, s := range t.Systems {
		if !slices.Contains(c.world.Systems, s) || slices.Contains(t.Systems[:i], s) {
			c.at(fmt.Sprintf("%s.systems[%d]", path, i), "not a system of the catalogue (%s), or one that stands twice; others are declared under declared",
				strings.Join(c.world.Systems, ", "))
		}
	}
	if len(t.Systems)+len(t.Declared) == 0 {
		c.at(path+".systems", "at least one system is needed, of the catalogue or declared")
	}
	if len(t.Actions) == 0 {
		c.at(path+".actions", "at least one action is needed")
	}
	for i, a := range t.Actions {
		if !slices.Contains(dsr.Requestable(), a) || slices.Contains(t.Actions[:i], a) {
			c.at(fmt.Sprintf("%s.actions[%d]", path, i), "not an action, or one that stands twice; the actions are %s", join(dsr.Requestable()))
		}
	}
	for i := range t.Declared {
		c.declared(t, i, fmt.Sprintf("%s.declared[%d]", path, i))
	}
	c.destinations(t, path)
	c.packages(t, path)
	if t.Takes(dsr.Access) {
		c.statements(t.Statements, path+".statements")
	}
}

func (c *checker) declared(t *tenant.Tenant, i int, path string) {
	d := t.Declared[i]
	if !dsr.ValidName(d.Name) || slices.Contains(c.world.Systems, d.Name) ||
		slices.ContainsFunc(t.Declared[:i], func(o tenant.Declared) bool { return o.Name == d.Name }) {
		c.at(path+".name", "a name is [a-z][0-9a-z-]{0,62}, stands once and is not in the catalogue")
	}
	if strings.TrimSpace(d.Title) == "" {
		c.at(path+".title", "a title is needed")
	}
	if len(d.Kinds) == 0 {
		c.at(path+".kinds", "at least one kind of data is needed")
	}
	for _, name := range sorted(d.Actions) {
		if !slices.Contains(dsr.Requestable(), dsr.Action(name)) {
			c.at(path+".actions."+name, "not an action; the actions are %s", join(dsr.Requestable()))
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
			c.at(at+".name", "a name is [a-z][0-9a-z-]{0,62} and stands once")
		}
		if !blobAccount(d.Account, c.world.StorageSuffix) && (!c.world.Local || !Loopback(d.Account)) {
			c.at(at+".account", "the URL of a blob account in the configured cloud is expected: https://{account}.blob.%s", c.world.StorageSuffix)
		}
		if !containerName.MatchString(d.Container) {
			c.at(at+".container", "the name of a container is expected")
		}
	}
}

func (c *checker) packages(t *tenant.Tenant, path string) {
	if c.lines[path+".package.retentionDays"] == 0 {
		t.Package.RetentionDays = DefaultRetentionDays
	}
	if n := t.Package.RetentionDays; n < MinRetentionDays || n > MaxRetentionDays {
		c.at(path+".package.retentionDays", "%d to %d days are expected", MinRetentionDays, MaxRetentionDays)
	}
	if c.lines[path+".package.formats"] == 0 {
		t.Package.Formats = []tenant.Format{tenant.CSV}
	}
	for i, f := range t.Package.Formats {
		if !slices.Contains(tenant.Tabular(), f) || slices.Contains(t.Package.Formats[:i], f) {
			c.at(fmt.Sprintf("%s.package.formats[%d]", path, i), "not a format, or one that stands twice; beside JSON there are %s", join(tenant.Tabular()))
		}
	}
}

// statements refuses a tenant that takes access requests without saying what Art. 15(1) wants said.
func (c *checker) statements(s tenant.Statements, path string) {
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
			c.at(path+"."+st.name, "the action access needs this statement (GDPR Art. 15(1)), one text or more and none empty")
		}
	}
}

func join[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	var out []K
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
