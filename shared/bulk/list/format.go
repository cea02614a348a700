package list

import (
	"path"
	"regexp"
	"strings"
)

// Formats of a list.
const (
	JSONLines = "ndjson"
	CSV       = "csv"
)

// Media types of the formats.
const (
	mediaJSONLines = "application/x-ndjson"
	mediaCSV       = "text/csv"
)

// MediaTypes returns the media types of lists.
func MediaTypes() []string { return []string{mediaJSONLines, mediaCSV} }

// MediaType returns the media type of a format.
func MediaType(format string) string {
	if format == CSV {
		return mediaCSV
	}
	return mediaJSONLines
}

// FormatOfMedia returns the format of one of MediaTypes.
func FormatOfMedia(mediaType string) string {
	if mediaType == mediaCSV {
		return CSV
	}
	return JSONLines
}

// Endings are the endings of names that FormatOfName knows, for messages.
const Endings = ".ndjson, .jsonl or .csv"

// FormatOfName returns the format that the ending of a name stands for, or "" for an unknown
// ending. Endings in capital letters are unknown.
func FormatOfName(name string) string {
	switch path.Ext(name) {
	case ".ndjson", ".jsonl":
		return JSONLines
	case ".csv":
		return CSV
	}
	return ""
}

// ReferenceForm says in words what a reference may be.
const ReferenceForm = "1 to 64 of the characters 0-9 A-Z a-z . _ -"

var (
	reference = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	unfit     = regexp.MustCompile(`[^0-9A-Za-z._-]+`)
)

// ValidReference reports whether s can name an import within its tenant.
func ValidReference(s string) bool { return reference.MatchString(s) }

// FitReference makes a reference from a name by replacing what a reference may not hold with
// hyphens. It returns "" when nothing is left.
func FitReference(name string) string {
	return strings.Trim(unfit.ReplaceAllString(name, "-"), "-.")
}
