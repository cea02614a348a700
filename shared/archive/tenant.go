package archive

import "github.com/rightsdesk/rightsdesk/shared/tabular"

// Tenant is what a package needs to know of the organisation that it is made for.
type Tenant struct {
	ID, Name   string
	Statements Statements
	Formats    []tabular.Format
}

// Statements are what an answer to an access request says beside the data. Each entry is a sentence or a line.
type Statements struct {
	Purposes           []string // GDPR Art. 15(1)(a)
	Categories         []string // (b)
	Recipients         []string // (c)
	Retention          []string // (d)
	Rights             []string // (e) and (f): rectification, erasure, restriction, objection, complaint
	Sources            []string // (g)
	AutomatedDecisions []string // (h)
	SoldOrShared       []string // Cal. Civ. Code § 1798.110(c), 1798.115: what was sold or shared, and to whom
}
