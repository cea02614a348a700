package archive

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// shownRecords is how many records of a kind the index shows; a kind with more names its files.
const shownRecords = 1_000

//go:embed index.html.tmpl
var indexText string

//go:embed index.css
var indexStyle string

// indexTemplate is parsed once, with the first package.
var indexTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New(manifest.IndexName).Funcs(template.FuncMap{
		"when": when, "day": day, "count": count, "plural": plural, "size": size,
	}).Parse(indexText))
})

// indexPolicy allows the page its own style and nothing else: no script, no image, no connection.
var indexPolicy = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(indexStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
})

// book is what a package is made of, as its index tells it.
type book struct {
	Request   *dsr.Request
	Private   dsr.Private
	Tenant    tenant.Tenant
	Catalogue connector.Catalogue
	Manifest  manifest.Manifest
	Chapters  []chapter
	Parts     opener
}

// opener reads the uncompressed bytes of a member.
type opener interface {
	Open(m part.Member) (io.ReadCloser, error)
}

// chapter is a task with its members, in the order of Manifest.Systems.
type chapter struct {
	Task    dsr.Task
	Members []part.Member
}

// writeIndex writes index.html. Records are read as they are written: memory is bounded by one of them.
func writeIndex(w io.Writer, b book) error {
	var failed error
	v := view{book: b, failed: &failed}
	if err := indexTemplate().Execute(w, v.page()); err != nil {
		return fmt.Errorf("archive: write %s: %w", manifest.IndexName, err)
	}
	return failed
}

// page is what the template sees.
type page struct {
	Policy     string
	Style      template.CSS
	Access     bool
	Book       book
	Law        string
	Asked      []askedRow
	Person     []field
	Statements []statement
	Results    []result
	Missing    []result
	LeftOut    []string
	Data       iter.Seq[section]
	Files      []fileRow
	// DataLooked and AllLooked say that every access task, and every task, looked at all there is: only then does "no records" mean
	// that there are none, and not that somebody may not see them.
	DataLooked, AllLooked bool
}

type askedRow struct{ Text, Right string }

// result is what became of one task.
type result struct {
	System, Holds, Action, Outcome string
	Reason, Basis, Link, Until     string
	Records                        int64
	Queries                        []dsr.Query
	looked                         bool // at all there is
}

type fileRow struct {
	manifest.File
	What string
}

// section is one kind of record with the records that are shown.
type section struct {
	System, Title, Category, Provenance string
	First                               bool // of its system
	Total                               int64
	More                                bool // than are shown
	Files                               []string
	Records                             iter.Seq2[int64, []field]
}

// view makes the page.
type view struct {
	book
	failed *error
}

func (v view) page() page {
	p := page{
		Policy: indexPolicy(), Style: template.CSS(indexStyle), Access: slices.Contains(v.Request.Actions, dsr.Access), Book: v.book,
		Law: laws[v.Request.Regime], Person: v.person(), Results: v.results(), LeftOut: v.leftOut(), Data: v.sections(), Files: v.files(),
	}
	for _, a := range v.Request.Actions {
		p.Asked = append(p.Asked, askedRow{asks[a], rights[v.Request.Regime][a]})
	}
	if p.Access {
		p.Statements = statements(v.Request.Regime, v.Tenant.Statements)
	}
	p.DataLooked, p.AllLooked = true, true
	for i, r := range p.Results {
		if r.looked {
			continue
		}
		p.Missing = append(p.Missing, r)
		p.AllLooked = false
		if v.Manifest.Systems[i].Action == dsr.Access {
			p.DataLooked = false
		}
	}
	return p
}

// descriptor is what is known of the system that has a name in the tenant. A name that the tenant
// has no more stands for itself.
func (v view) descriptor(name string) connector.Descriptor {
	if d, ok := v.Catalogue.Describe(v.Tenant, name); ok {
		return d
	}
	return connector.Descriptor{System: name, Title: titleOf(name)}
}

// kind returns a kind of a system; one that the descriptor has lost since is named by its name.
func (v view) kind(system, name string) connector.Kind {
	if k, ok := v.descriptor(system).Kind(name); ok {
		return k
	}
	return connector.Kind{Name: name, Title: titleOf(name)}
}

// person says whom the request is about and by what was searched. The package is made for that person.
func (v view) person() []field {
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

func (v view) results() []result {
	var out []result
	for i, s := range v.Manifest.Systems {
		d, t := v.descriptor(s.System), v.Chapters[i].Task
		r := result{
			System: d.Title, Holds: d.Holds, Action: titleOf(string(s.Action)), Outcome: outcomes[s.Outcome], Reason: s.Reason, Basis: s.Basis,
			Link: t.Outcome.Link, Records: t.Records, Queries: s.Queries,
			looked: s.Outcome == dsr.Done || s.Outcome == dsr.NothingFound,
		}
		if !s.Until.IsZero() {
			r.Until = when(s.Until)
		}
		out = append(out, r)
	}
	return out
}

// leftOut names the kinds that an export does not hand over, since they were derived.
func (v view) leftOut() []string {
	var out []string
	for _, c := range v.Chapters {
		if c.Task.Action != dsr.Export {
			continue
		}
		d := v.descriptor(c.Task.System)
		for _, k := range d.Kinds {
			if !dsr.Export.Includes(k.Provenance) {
				out = append(out, k.Title+" ("+d.Title+")")
			}
		}
	}
	return out
}

func (v view) files() []fileRow {
	var out []fileRow
	for _, f := range v.Manifest.Files {
		what := v.kind(f.System, f.Kind).Title + ", " + v.descriptor(f.System).Title + ": " + formatWords[tenant.Format(f.Path[strings.LastIndexByte(f.Path, '.')+1:])]
		out = append(out, fileRow{f, what})
	}
	return out
}
