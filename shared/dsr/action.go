package dsr

// Action is what a data subject asks for. The names are those of Microsoft's DSR guides.
type Action string

// The actions. Discover is the step that every other action begins with; it is a task of its own and not something that can be asked for.
const (
	Discover Action = "discover"
	Access   Action = "access" // everything found, readable, with the statements of GDPR Art. 15(1)
	Export   Action = "export" // data provided or observed, machine-readable: GDPR Art. 20
)

// Requestable are the actions that a request may name.
func Requestable() []Action { return []Action{Access, Export} }

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

// Provenance says how the controller came by a kind of data. Art. 20 covers what was provided, which the EDPB reads as provided or
// observed (WP 242 rev.01, p. 10), and not what was derived.
type Provenance string

// The provenances.
const (
	Provided Provenance = "provided"
	Observed Provenance = "observed"
	Derived  Provenance = "derived"
)

// Includes reports whether the action hands over data of that provenance.
func (a Action) Includes(p Provenance) bool { return a != Export || p != Derived }
