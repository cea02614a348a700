package tenant

// Statements open a package of the action access. Each entry is a sentence or a line.
type Statements struct {
	Purposes   []string `yaml:"purposes"`   // GDPR Art. 15(1)(a)
	Categories []string `yaml:"categories"` // (b)
	Sources    []string `yaml:"sources"`    // (g)
	Recipients []string `yaml:"recipients"` // (c)
	Retention  []string `yaml:"retention"`  // (d)
	// Rights are those of Art. 15(1)(e) and (f): rectification, erasure, restriction, objection,
	// complaint.
	Rights             []string `yaml:"rights"`
	AutomatedDecisions []string `yaml:"automatedDecisions"` // (h)
	// SoldOrShared says what was sold or shared, and to whom: Cal. Civ. Code § 1798.110(c) and
	// § 1798.115.
	SoldOrShared []string `yaml:"soldOrShared"`
}
