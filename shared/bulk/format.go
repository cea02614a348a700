package bulk

import "regexp"

// Formats of a list.
const (
	FormatLines = "ndjson"
	FormatCSV   = "csv"
)

var reference = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// ValidReference reports whether s can name a bulk within its tenant.
func ValidReference(s string) bool { return reference.MatchString(s) }
