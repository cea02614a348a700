package tabular

import (
	"fmt"
	"io"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// Format is a form in which records are handed over. Every package has JSON; the tabular forms are the tenant's wish.
type Format string

// The formats. The text is the extension of the member's name, too.
const (
	JSON Format = "json"
	CSV  Format = "csv"
	XLSX Format = "xlsx"
	XML  Format = "xml"
)

// Formats are the formats that a tenant may wish for, in the order in which they stand in a package.
func Formats() []Format { return []Format{CSV, XLSX, XML} }

// Write writes the tabular form of a JSON member.
func (f Format) Write(w io.Writer, system string, kind connector.Kind, stored io.Reader) error {
	switch f {
	case CSV:
		return writeCSV(w, kind, stored)
	case XLSX:
		return writeXLSX(w, kind, stored)
	case XML:
		return writeXML(w, system, kind, stored)
	}
	return fmt.Errorf("tabular: %q is not a tabular format", string(f))
}

// Chosen returns the tabular formats among fs, in order, each once.
func Chosen(fs []Format) []Format {
	var out []Format
	for _, f := range Formats() {
		if slices.Contains(fs, f) {
			out = append(out, f)
		}
	}
	return out
}
