package connector

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// Connector is a system as it stands in one tenant. What it can do it shows by the optional
// interfaces below.
type Connector interface {
	Descriptor() Descriptor
}

// Discoverer finds a person.
type Discoverer interface {
	// Discover looks for everybody whom any of the identifiers names, also among what is
	// deleted but not yet gone. Two people who match are candidates, never merged; so are
	// identifiers that contradict each other. Errors are *Fault or unknown.
	Discover(ctx context.Context, l Lookup) (Discovery, error)
}

// Exporter reads what discovery found.
type Exporter interface {
	// Export hands every record of the scope's kinds to the sink, page by page in a fixed
	// order, beginning at a cursor that it gave to the sink before (nil: at the beginning). It
	// must be resumable from any cursor, also by another process. It returns the outcome: done,
	// nothing-found, partial (the reason names what could not be had), refused or manual. A
	// *Fault that a later try may cure is returned as the error.
	Export(ctx context.Context, s Scope, from []byte, sink Sink) (dsr.Outcome, error)
}

// Prober says whether the system can be reached with the permissions it needs.
type Prober interface {
	Probe(ctx context.Context) error
}

// Lookup is what discovery is given.
type Lookup struct {
	Subject dsr.Subject // with Decided set, only that object is looked for
}

// Discovery is what was found, without values.
type Discovery struct {
	Findings   []dsr.Finding
	Candidates []dsr.Candidate // two or more, or none
	Asked      []Asked
	// Reason says in a sentence what could not be looked at, when the answer is not complete;
	// empty otherwise.
	Reason string
}

// Scope is what an export covers.
type Scope struct {
	Action   dsr.Action
	Kinds    []string      // names of the kinds to hand over, in the descriptor's order
	Findings []dsr.Finding // of this system
}

// Asked is a query that was made, as proof. Query holds the subject's values; only its keyed
// hash is kept.
type Asked struct {
	Kind       string // of record; empty for a look-up of the person
	Query      pii.Value
	Permission string
	Records    int64
}

// Sink takes what an export reads.
type Sink interface {
	// Put takes one page of records of a kind (each one JSON object) and the cursor that
	// continues after them. When it returns nil the page is taken, though perhaps not stored
	// yet: after a crash the export resumes at an earlier cursor. A page may be empty. Its
	// errors end the export and are returned as they are.
	Put(ctx context.Context, kind string, records []json.RawMessage, next []byte) error
	// Asked records a query, before the Put that takes its records: what was asked since the
	// last Put is stored with that page, so that a resume neither loses nor doubles it. Records
	// of queries with the same text and permission are added up.
	Asked(a Asked)
}

// Settings is what a connector is made from.
type Settings struct {
	Tenant string
	// of the system in the tenant: findings, candidates and faults carry it
	Name string
	// the tenant's settings of the system, as the descriptor declares them
	Options map[string]string
	// base URL of the service, from the named list of clouds or a loopback address
	Endpoint   string
	Credential azcore.TokenCredential // for that endpoint only
	Transport  http.RoundTripper      // nil means http.DefaultTransport
	// a date in the data is held against Business, the service's own times against Wall
	Clocks clock.Clocks
	Log    *slog.Logger
}

// Entry is a connector's line in the catalogue.
type Entry struct {
	Descriptor Descriptor
	Service    string // which endpoint it needs: "graph"
	New        func(Settings) (Connector, error)
}
