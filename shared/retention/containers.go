package retention

// The containers.
const (
	Parts      = "parts"
	Packages   = "packages"
	BulkInputs = "bulk"
	Results    = "results"
	Rejected   = "bulk-rejected"
	Findings   = "findings"
	Ledger     = "ledger"
)
