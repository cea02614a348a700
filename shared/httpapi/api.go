// Package httpapi serves /api/…: it finds out who is calling, reads what is asked, and answers
// in JSON.
//
// Every answer but the one that a call promises is application/problem+json.
package httpapi

import (
	"log/slog"
	"net/http"
	"net/url"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Options are what the interface is made of. Version may be left out.
type Options struct {
	Store   *store.Store
	Tenants tenant.Tenants
	Callers *auth.Callers
	Intake  *intake.Service
	Decide  *decide.Service
	Bulk    *bulk.Service
	Clocks  clock.Clocks
	Version string // of the program, shown by /api/health
	Log     *slog.Logger
}

// API is the handler of /api/….
type API struct {
	Options
	addresses addresses
	contract  contract
}

// call is one call on its way through.
type call struct {
	api    *API
	w      *host.Recorder
	r      *http.Request
	caller auth.Caller
	id     string // of the path: a request or a bulk import
	task   string // of the path
	query  url.Values
}

// addresses are the routes by the pattern of their address and by their method.
type addresses struct {
	// mux knows which pattern fits a path. It serves nothing: it would redirect paths, answer
	// HEAD by a GET route, and refuse in plain text.
	mux    *http.ServeMux
	routes map[string]map[string]route
}

// route is one call of the interface, and what the OpenAPI document says of it.
type route struct {
	method, pattern string
	right           auth.Right // empty: anybody may call
	params          []string   // query parameters that it takes
	run             func(*call) error
	doc             doc
}

// doc is what the OpenAPI document says of a route, beside its method, address, right and
// parameters.
type doc struct {
	summary  string
	more     string // further sentences; may be empty
	body     string // schema of the body
	optional bool   // the body may be left out
	list     bool   // the body is a list of requests
	key      bool   // Idempotency-Key is needed
	match    bool   // If-Match is honoured
	etag     bool   // If-None-Match is honoured
	status   int
	answer   string // schema of the answer
	lines    string // schema of a line of the answer
}
