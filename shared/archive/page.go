package archive

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// pageMaker makes the page of what a package holds.
type pageMaker struct {
	contents
	failed *error
}

func (v pageMaker) page() page {
	p := page{
		Policy: indexPolicy(), Explained: slices.ContainsFunc(v.Request.Actions, dsr.Action.Explained), Package: v.contents,
		Law: laws[v.Request.Regime], Person: v.person(), Results: v.results(), LeftOut: v.leftOut(), Data: v.sections(), Files: v.files(),
	}
	for range p.Data {
		p.HasData = true
		break
	}
	for _, a := range v.Request.Actions {
		p.Asked = append(p.Asked, askedRow{asks[a], rights[v.Request.Regime][a]})
	}
	if p.Explained {
		p.Statements = statements(v.Request.Regime, v.Tenant.Statements)
	}
	p.DataLooked, p.AllLooked = true, true
	for i, r := range p.Results {
		if r.looked {
			continue
		}
		p.Missing = append(p.Missing, r)
		p.AllLooked = false
		if v.Manifest.Systems[i].Action.Explained() {
			p.DataLooked = false
		}
	}
	return p
}

// descriptor is what is known of the system that has a name in the tenant. A system that the
// tenant no longer has is called by its name.
func (v pageMaker) descriptor(name string) connector.Descriptor {
	if d, ok := v.Catalogue.Describe(v.Tenant, name); ok {
		return d
	}
	return connector.Descriptor{System: name, Title: titleOf(name)}
}

// kind returns a kind of a system. One that the descriptor no longer has is called by its name.
func (v pageMaker) kind(system, name string) connector.Kind {
	if k, ok := v.descriptor(system).Kind(name); ok {
		return k
	}
	return connector.Kind{Name: name, Title: titleOf(name)}
}

// person says whom the request is about and by what was searched. The package is made for that
// person.
func (v pageMaker) person() []field {
	titles := map[string]string{dsr.Email: "E-mail address", dsr.ObjectID: "Object id", dsr.EmployeeID: "Employee number"}
	for _, e := range v.Catalogue {
		for _, id := range e.Descriptor.Identifiers {
			titles[id.Kind] = id.Title
		}
	}
	var out []field
	if n := v.Private.Subject.Name; !n.Empty() {
		out = append(out, field{"Name", value{Text: n.Reveal()}})
	}
	for _, id := range v.Private.Subject.Identifiers {
		title := titles[id.Kind]
		if title == "" {
			title = titleOf(id.Kind)
		}
		out = append(out, field{title, value{Text: id.Value.Reveal()}})
	}
	return out
}

func (v pageMaker) results() []result {
	var out []result
	for i, s := range v.Manifest.Systems {
		d, t := v.descriptor(s.System), v.Tasks[i].Task
		r := result{
			System: d.Title, Holds: d.Holds, Action: titleOf(string(s.Action)), Outcome: outcomes[s.Outcome], Reason: s.Reason, Basis: s.Basis,
			Link: t.Outcome.Link, Records: t.Records, Queries: s.Queries,
			looked: s.Outcome == dsr.OutcomeDone || s.Outcome == dsr.OutcomeNothingFound,
		}
		if !s.Until.IsZero() {
			r.Until = when(s.Until)
		}
		out = append(out, r)
	}
	return out
}

// leftOut names the kinds that an action of the request does not hand over, each once.
func (v pageMaker) leftOut() []string {
	var out []string
	for _, c := range v.Tasks {
		d := v.descriptor(c.Task.System)
		for _, k := range d.Kinds {
			name := k.Title + " (" + d.Title + ")"
			if !c.Task.Action.Includes(k.Provenance) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

func (v pageMaker) files() []fileRow {
	var out []fileRow
	for _, f := range v.Manifest.Files {
		what := v.kind(f.System, f.Kind).Title + ", " + v.descriptor(f.System).Title + ": " + formatWords[tenant.Format(f.Path[strings.LastIndexByte(f.Path, '.')+1:])]
		out = append(out, fileRow{f, what})
	}
	return out
}

// writeIndex writes index.html. It reads records while it writes them, so that only one is in
// memory.
func writeIndex(w io.Writer, b contents) error {
	var failed error
	v := pageMaker{contents: b, failed: &failed}
	if err := index(v.page()).Render(context.Background(), w); err != nil {
		return fmt.Errorf("archive: write %s: %w", manifest.IndexName, err)
	}
	return failed
}
