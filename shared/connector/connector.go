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

// Connector is a system of one tenant. The optional interfaces below are what it
// can do.
type Connector interface {
	Descriptor() Descriptor
}

// Discoverer finds a person.
type Discoverer interface {
	// Discover looks for everybody whom any of the identifiers names. It looks also among what
	// is deleted but can still be restored. Two people who match are candidates and are never
	// merged; that holds for two people named by different identifiers, too. Its error is a
	// *Fault where the system failed.
	Discover(ctx context.Context, l Lookup) (Discovery, error)
}

// Exporter reads what discovery found.
type Exporter interface {
	// Export hands every record of the scope's kinds to the sink, page by page in a fixed
	// order. It begins at a cursor that it gave to the sink before, or at the beginning when
	// from is nil. Any process must be able to resume from any cursor. The outcome is done,
	// nothing-found, partial (its reason names what could not be read), refused or manual. A
	// *Fault that a later try may cure is returned as the error.
	Export(ctx context.Context, s Scope, from []byte, sink Sink) (dsr.Outcome, error)
}

// Prober says whether the system can be reached with the permissions that it needs.
type Prober interface {
	// Probe reads as little as proves it. Its error is a *Fault where the system failed or refused.
	Probe(ctx context.Context) error
}

// Lookup is what discovery is given.
type Lookup struct {
	Subject dsr.Subject // with Decided set, only that object is looked for
}

// Discovery is what was found. It holds ids and counts, no values.
type Discovery struct {
	Findings   []dsr.Finding
	Candidates []dsr.Candidate // none, or at least two
	Asked      []Asked
	// Reason says in a sentence what could not be looked at. It is empty when the answer is
	// complete.
	Reason string
}

// Scope is what an export covers.
type Scope struct {
	Action   dsr.Action
	Kinds    []string      // names of the kinds to hand over, in the descriptor's order
	Findings []dsr.Finding // of this system
}

// Asked is a query that was made. It is the proof of what was found, and of what was not.
type Asked struct {
	Kind       string    // of record; empty for a look-up of the person
	Query      pii.Value // holds the person's identifiers: only its keyed hash is kept
	Permission string
	Records    int64
}

// Sink takes what an export reads.
type Sink interface {
	// Put takes one page of records of a kind, each a JSON object, and the cursor that
	// continues after them. A page may be empty. When Put returns nil the page is taken, but it
	// may not be stored yet: after a crash the export resumes at an earlier cursor. An error of
	// Put ends the export, which returns it as it is.
	Put(ctx context.Context, kind string, records []json.RawMessage, next []byte) error
	// Asked records a query before the Put that takes its records. What was asked since the
	// last Put is stored with that page, so that a resume neither loses nor doubles it. Records
	// of queries with the same text and permission are added up.
	Asked(a Asked)
}

// Settings is what a connector is made from.
type Settings struct {
	Tenant string
	// Name is that of the system in the tenant. Findings, candidates and faults carry it.
	Name string
	// Options are the tenant's settings of the system, as the descriptor declares them.
	Options map[string]string
	// Endpoint is the base URL of the service, in a named cloud or on this machine.
	Endpoint   string
	Credential azcore.TokenCredential // for that endpoint only
	Transport  http.RoundTripper      // nil means http.DefaultTransport
	// Clocks: dates in the data are compared with Business, the service's own times with Wall.
	Clocks clock.Clocks
	Log    *slog.Logger
}

// Entry is a connector's line in the catalogue.
type Entry struct {
	Descriptor Descriptor
	Service    string // which endpoint it needs: "graph"
	New        func(Settings) (Connector, error)
}
