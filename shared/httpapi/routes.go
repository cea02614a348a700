package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// route is one call of the interface, with what the OpenAPI document says of it.
type route struct {
	method, pattern string
	right           auth.Right // empty: anybody may call
	params          []string   // query parameters that are known
	run             func(*call) error
	doc             doc
}

const keysOfFiles = "The same Idempotency-Key with the same tenant, reference and file is answered with the same import; with another " +
	"reference or file it is an idempotency-conflict (409). Another key with the same reference and file finds the same import, too; with " +
	"another file the reference is taken (409)."

// routes are all calls there are.
func routes() []route {
	return []route{
		{
			http.MethodPost, "/api/requests", auth.RequestsWrite, nil, (*call).submit,
			doc{summary: "Submit a request", body: "Submission", key: true, status: 202, answer: "Request"},
		},
		{
			http.MethodGet, "/api/requests", auth.RequestsRead,
			[]string{"tenant", "state", "dueBefore", "limit", "cursor"},
			(*call).list,
			doc{summary: "List requests: the newest first, or with state or dueBefore the first due first", status: 200, answer: "RequestList"},
		},
		{
			http.MethodGet, "/api/requests/{id}", auth.RequestsRead, nil, (*call).get,
			doc{summary: "A request as it is now", status: 200, answer: "Request", etag: true},
		},
		{
			http.MethodGet, "/api/requests/{id}/events", auth.RequestsRead, nil, (*call).events,
			doc{summary: "The request's history, in order", status: 200, answer: "EventList"},
		},
		{
			http.MethodGet, "/api/requests/{id}/findings", auth.RequestsRead, nil, (*call).findings,
			doc{summary: "What was found, without values; while the request is needs-decision also the candidates", status: 200, answer: "FindingList"},
		},
		{
			http.MethodGet, "/api/requests/{id}/package", auth.PackagesRead, nil, (*call).pack,
			doc{summary: "A link that reads the package for at most 15 minutes; ask again for another", status: 200, answer: "PackageLink"},
		},
		{
			http.MethodPost, "/api/requests/{id}/decide", auth.RequestsDecide, nil, (*call).choose,
			doc{summary: "Choose the candidate that is meant", body: "Choice", status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/requests/{id}/retry", auth.RequestsWrite, nil, (*call).retry,
			doc{summary: "Open failed tasks again", body: "Retry", optional: true, status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/requests/{id}/cancel", auth.RequestsCancel, nil, (*call).cancel,
			doc{summary: "Cancel the request; the answer says what had been done", body: "Cancellation", status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/requests/{id}/tasks/{task}", auth.RequestsDecide, nil, (*call).endTask,
			doc{summary: "End a manual task", body: "TaskEnd", status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/bulk", auth.Bulk,
			[]string{"tenant", "reference"},
			(*call).upload,
			doc{summary: "Submit a file of requests, JSON Lines or CSV", more: keysOfFiles, file: true, key: true, status: 202, answer: "Bulk"},
		},
		{
			http.MethodGet, "/api/bulk", auth.Bulk,
			[]string{"tenant", "reference"},
			(*call).bulkByReference,
			doc{summary: "The import that a reference names", status: 200, answer: "Bulk"},
		},
		{
			http.MethodGet, "/api/bulk/{id}", auth.Bulk, nil, (*call).bulkByID,
			doc{summary: "An import as it is now", status: 200, answer: "Bulk"},
		},
		{
			http.MethodGet, "/api/bulk/{id}/results", auth.Bulk, nil, (*call).results,
			doc{summary: "What became of each line, as JSON Lines of Result; once the import has ended", status: 200, lines: "Result"},
		},
		{http.MethodGet, "/api/openapi.json", "", nil, (*call).openapi, doc{summary: "This document", status: 200, answer: "Contract"}},
		{http.MethodGet, "/api/health", "", nil, (*call).health, doc{summary: "Liveness", status: 200, answer: "Health"}},
	}
}

// table is routes, made once.
var table = routes()

// match finds the route of a path and returns the path's segments. A path is taken only as it is written here: no escapes, no empty
// segments, no slash at the end, no other case, and nothing is redirected, so that every host that stands before us sees the address that
// we see. Of an address that takes other methods it sets the header Allow.
func match(r *http.Request, h http.Header) (found route, path []string, err error) {
	nowhere := problem.New(problem.NoRoute, "", "nothing is served at this address")
	if r.URL.EscapedPath() != r.URL.Path || len(r.URL.Path) > 512 {
		return route{}, nil, nowhere
	}
	path = strings.Split(r.URL.Path, "/")
	var methods []string
	for _, candidate := range table {
		if !matches(strings.Split(candidate.pattern, "/"), path) {
			continue
		}
		if candidate.method == r.Method {
			return candidate, path, nil
		}
		methods = append(methods, candidate.method)
	}
	if len(methods) == 0 {
		return route{}, nil, nowhere
	}
	slices.Sort(methods)
	allow := strings.Join(methods, ", ")
	h.Set("Allow", allow)
	return route{}, nil, problem.New(problem.WrongMethod, "", "this address takes "+allow)
}

func matches(pattern, path []string) bool {
	if len(pattern) != len(path) {
		return false
	}
	for i, p := range pattern {
		if !strings.HasPrefix(p, "{") && p != path[i] || path[i] == "" && i > 0 {
			return false
		}
	}
	return true
}

// ids takes the variable segments of the path.
func (c *call) ids(pattern string, path []string) error {
	for i, p := range strings.Split(pattern, "/") {
		switch p {
		case "{id}":
			if c.id = path[i]; !dsr.ValidGUID(c.id) {
				return problem.New(problem.MalformedID, "", "the id in the address is not one: lower-case hex digits in groups of 8-4-4-4-12 are expected")
			}
		case "{task}":
			if c.task = path[i]; !dsr.ValidName(c.task) {
				return problem.New(problem.MalformedID, "", "the id of a task is that of its system, a hyphen and its action")
			}
		}
	}
	return nil
}
