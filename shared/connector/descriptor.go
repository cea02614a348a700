package connector

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Descriptor is what a system says of itself. Names of systems and kinds come from here, never
// from constants elsewhere.
type Descriptor struct {
	System      string       // name, such as "entra"
	Title       string       // as people call it: "Microsoft Entra ID"
	Holds       string       // one sentence: what is held there
	Identifiers []Identifier // by which it can find a person
	Kinds       []Kind       // of records, in the order in which they are exported
	Permissions []string     // least application permissions, as the system names them
	Settings    []Setting    // that a tenant gives where the system stands
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
	// Columns of the tabular forms (CSV, XLSX, XML), in order. Every record's JSON form is
	// complete; members that no column names are joined in a last column "other" as JSON.
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

// Finds reports whether the system can find a person by a kind of identifier.
func (d Descriptor) Finds(kind string) bool {
	return slices.ContainsFunc(d.Identifiers, func(i Identifier) bool { return i.Kind == kind })
}

// Validate reports everything that is wrong with a descriptor.
func (d Descriptor) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("descriptor %q: "+format, append([]any{d.System}, args...)...))
	}
	if !dsr.ValidName(d.System) {
		bad("the name of a system is [a-z][0-9a-z-]{0,62}")
	}
	if d.Title == "" || d.Holds == "" {
		bad("title and holds are needed")
	}
	if len(d.Identifiers) == 0 {
		bad("no identifier: nobody could be found")
	}
	seen := map[string]bool{}
	for _, k := range d.Kinds {
		if !dsr.ValidName(k.Name) || seen[k.Name] {
			bad("kind %q is not a name or stands twice", k.Name)
		}
		seen[k.Name] = true
		if k.Title == "" || k.Category == "" || k.ID == "" || len(k.Columns) == 0 {
			bad("kind %q needs title, category, id and columns", k.Name)
		}
		if !slices.Contains([]dsr.Provenance{dsr.Provided, dsr.Observed, dsr.Derived}, k.Provenance) {
			bad("kind %q: provenance is provided, observed or derived", k.Name)
		}
		cols := map[string]bool{}
		for _, c := range k.Columns {
			if c.Name == "" || c.Title == "" || cols[c.Name] {
				bad("kind %q: column %q lacks a title or stands twice", k.Name, c.Name)
			}
			cols[c.Name] = true
		}
	}
	for _, fault := range d.settingFaults() {
		bad("%s", fault)
	}
	return errors.Join(errs...)
}
