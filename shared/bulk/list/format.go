// Package list reads a producer's list of requests line by line, as JSON Lines or CSV.
package list

import "regexp"

// Formats of a list.
const (
	JSONLines = "ndjson"
	CSV       = "csv"
)

var reference = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// ReferenceForm says in words what a reference may be.
const ReferenceForm = "1 to 64 of the characters 0-9 A-Z a-z . _ -"

// ValidReference reports whether s can name a bulk within its tenant.
func ValidReference(s string) bool { return reference.MatchString(s) }
