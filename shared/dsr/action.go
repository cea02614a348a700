package dsr

// Action is what a task does. The names of those that a data subject can ask for are the names in
// Microsoft's DSR guides.
type Action string

// The actions. The table of steps holds what is known of each.
const (
	Discover Action = "discover" // comes before every other action; nobody can ask for it alone
	// Access hands over everything found, readable, with the statements of GDPR Art. 15(1).
	Access  Action = "access"
	Export  Action = "export"  // data provided or observed, machine-readable: GDPR Art. 20
	Deliver Action = "deliver" // makes and hands over the package; nobody can ask for it alone
)

// Regime is the law under which a request is made.
type Regime string

// The regimes.
const (
	GDPR Regime = "gdpr"
	CCPA Regime = "ccpa"
)

// Category is the category of data of Microsoft's guides; it decides which actions are possible.
type Category string

// The categories of data.
const (
	CustomerData        Category = "customer-data"
	SystemGeneratedLogs Category = "system-generated-logs"
	SupportData         Category = "support-data"
	CustomerContact     Category = "customer-contact"
	AuditLog            Category = "audit-log"
)

// Provenance says how the controller came by a kind of data.
type Provenance string

// The provenances.
const (
	Provided Provenance = "provided"
	Observed Provenance = "observed"
	Derived  Provenance = "derived"
)
