package tabular

import (
	"fmt"
	"io"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Write writes a tabular form of a JSON member.
func Write(f tenant.Format, w io.Writer, system string, kind connector.Kind, stored io.Reader) error {
	switch f {
	case tenant.CSV:
		return writeCSV(w, kind, stored)
	case tenant.XLSX:
		return writeXLSX(w, kind, stored)
	case tenant.XML:
		return writeXML(w, system, kind, stored)
	}
	return fmt.Errorf("tabular: %q is not a tabular format", string(f))
}

// Chosen returns the tabular formats among fs, in order, each once.
func Chosen(fs []tenant.Format) []tenant.Format {
	var out []tenant.Format
	for _, f := range tenant.Tabular() {
		if slices.Contains(fs, f) {
			out = append(out, f)
		}
	}
	return out
}
