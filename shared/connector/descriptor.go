package connector

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Descriptor is what a system says of itself. The names of systems and kinds come from here and are
// no constants anywhere else.
type Descriptor struct {
	System      string       // name, such as "entra"
	Title       string       // as people call it: "Microsoft Entra ID"
	Holds       string       // one sentence: what is held there
	Identifiers []Identifier // by which it can find a person
	Kinds       []Kind       // of records, in the order in which they are exported
	Permissions []string     // least application permissions, as the system names them
	Settings    []Setting    // that a tenant gives where it names the system
	// Cannot explains each action that is not possible here, in a sentence that the package shows.
	Cannot map[dsr.Action]string
}

// Identifier is a kind of identifier that a system can find a person by.
type Identifier struct {
	Kind  string // such as dsr.Email, or a kind of the system's own such as "external-sign-in-name"
	Title string // "External sign-in name"
}

// Kind is a kind of record.
type Kind struct {
	Name       string // "[a-z][0-9a-z-]*"; part of file names
	Title      string
	Category   dsr.Category
	Provenance dsr.Provenance
	ID         string // the JSON member that identifies a record, normally "id"
	// Columns are those of the tabular forms (CSV, XLSX, XML), in order. A record's JSON form
	// is always complete; members that no column names are joined as JSON in a last column
	// "other".
	Columns []Column
}

// Column is one column of a kind's tabular form.
type Column struct {
	Name  string // member of the record's JSON object; nested values are written as JSON
	Title string // in words, for index.html: "Given name"
}

// Kind returns the kind of that name.
func (d Descriptor) Kind(name string) (Kind, bool) {
	i := slices.IndexFunc(d.Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return d.Kinds[i], true
}

// KindsFor returns the names of the kinds that an action hands over.
func (d Descriptor) KindsFor(a dsr.Action) []string {
	var out []string
	for _, k := range d.Kinds {
		if a.Includes(k.Provenance) {
			out = append(out, k.Name)
		}
	}
	return out
}

// Validate reports everything that is wrong with a descriptor.
func (d Descriptor) Validate() error {
	var mistakes []string
	if !dsr.ValidName(d.System) {
		mistakes = append(mistakes, "the name of a system must match [a-z][0-9a-z-]{0,62}")
	}
	if d.Title == "" || d.Holds == "" {
		mistakes = append(mistakes, "title and holds are needed")
	}
	if len(d.Identifiers) == 0 {
		mistakes = append(mistakes, "an identifier is needed, or no person could be found")
	}
	for i, k := range d.Kinds {
		mistakes = append(mistakes, k.mistakes()...)
		if slices.ContainsFunc(d.Kinds[:i], func(o Kind) bool { return o.Name == k.Name }) {
			mistakes = append(mistakes, fmt.Sprintf("kind %q is declared twice", k.Name))
		}
	}
	mistakes = append(mistakes, settingMistakes(d.Settings)...)
	var errs []error
	for _, m := range mistakes {
		errs = append(errs, fmt.Errorf("descriptor %q: %s", d.System, m))
	}
	return errors.Join(errs...)
}

var provenances = []dsr.Provenance{dsr.Provided, dsr.Observed, dsr.Derived}

// mistakes reports what is wrong with a kind by itself.
func (k Kind) mistakes() []string {
	var out []string
	bad := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("kind %q: ", k.Name)+fmt.Sprintf(format, args...))
	}
	if !dsr.ValidName(k.Name) {
		bad("the name must match [a-z][0-9a-z-]{0,62}")
	}
	if k.Title == "" || k.Category == "" || k.ID == "" || len(k.Columns) == 0 {
		bad("title, category, id and columns are needed")
	}
	if !slices.Contains(provenances, k.Provenance) {
		bad("the provenance must be provided, observed or derived")
	}
	for i, c := range k.Columns {
		if c.Name == "" || c.Title == "" {
			bad("column %q needs a name and a title", c.Name)
		}
		if slices.ContainsFunc(k.Columns[:i], func(o Column) bool { return o.Name == c.Name }) {
			bad("column %q is declared twice", c.Name)
		}
	}
	return out
}

// CheckSettings returns every mistake in the settings that a tenant gives, in the order of names.
func (d Descriptor) CheckSettings(given map[string]string) []Mistake {
	var out []Mistake
	bad := func(name, format string, args ...any) { out = append(out, Mistake{name, fmt.Sprintf(format, args...)}) }
	var known []string
	for _, s := range d.Settings {
		known = append(known, s.Name)
		value, ok := given[s.Name]
		switch {
		case ok && !s.matches(value):
			bad(s.Name, "%s is expected, such as %s", s.Meaning, s.Example)
		case !ok && s.Required:
			bad(s.Name, "the system %s needs this setting: %s, such as %s", d.System, s.Meaning, s.Example)
		}
	}
	for name := range given {
		switch {
		case slices.Contains(known, name):
		case len(known) == 0:
			bad(name, "the system %s takes no settings", d.System)
		default:
			bad(name, "the system %s does not take this setting; it takes %s", d.System, strings.Join(known, ", "))
		}
	}
	slices.SortFunc(out, func(a, b Mistake) int { return strings.Compare(a.Setting, b.Setting) })
	return out
}
