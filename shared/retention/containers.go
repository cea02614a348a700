// Package retention says how long each class of stored thing lives, since when, why, and what ends it.
package retention

// The containers.
const (
	Parts      = "parts"
	Packages   = "packages"
	BulkInputs = "bulk"
	Results    = "results"
	Rejected   = "bulk-rejected"
	Findings   = "findings"
)
