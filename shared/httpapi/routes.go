package httpapi

import (
	"net/http"

	"github.com/rightsdesk/rightsdesk/shared/auth"
)

const keysOfLists = "The same Idempotency-Key with the same tenant, reference and list finds the same import. With another reference " +
	"or list it is an idempotency-conflict (409). Another key with the same reference and list finds the same import, too. With " +
	"another list it is a reference-taken problem (409)."

// routes are all calls.
func routes() []route {
	return []route{
		{
			http.MethodPost, "/api/requests", auth.RequestsWrite, nil, (*call).submit,
			doc{summary: "Submit a request", body: "Submission", key: true, status: 202, answer: "Request"},
		},
		{
			http.MethodGet, "/api/requests", auth.RequestsRead,
			[]string{"tenant", "state", "ending", "dueBefore", "limit", "cursor"},
			(*call).list,
			doc{summary: "List requests: the newest first, or with state or dueBefore the first due first; ending needs a state in which a request is over", status: 200, answer: "RequestList"},
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
			doc{summary: "What was found, without values; while the request needs a decision, also the candidates", status: 200, answer: "FindingList"},
		},
		{
			http.MethodGet, "/api/requests/{id}/package", auth.PackagesRead, nil, (*call).pack,
			doc{summary: "A link that reads the package for at most 15 minutes; ask again for another", status: 200, answer: "PackageLink"},
		},
		{
			http.MethodPost, "/api/requests/{id}/decide", auth.RequestsDecide, nil, (*call).choose,
			doc{summary: "Choose the candidate who is the data subject", body: "Choice", status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/requests/{id}/retry", auth.RequestsWrite, nil, (*call).retry,
			doc{summary: "Open failed tasks again", body: "Retry", optional: true, status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/requests/{id}/cancel", auth.RequestsCancel, nil, (*call).cancel,
			doc{summary: "Cancel the request; the answer says what was done before", body: "Cancellation", status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/requests/{id}/tasks/{task}", auth.RequestsDecide, nil, (*call).endTask,
			doc{summary: "End a manual task", body: "TaskEnd", status: 200, answer: "Request", match: true},
		},
		{
			http.MethodPost, "/api/bulk", auth.Bulk,
			[]string{"tenant", "reference"},
			(*call).upload,
			doc{summary: "Submit a list of requests, as JSON Lines or CSV", more: keysOfLists, list: true, key: true, status: 202, answer: "Bulk"},
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
			doc{summary: "What became of each line, once the import has ended", status: 200, lines: "Result"},
		},
		{http.MethodGet, "/api/openapi.json", "", nil, (*call).openapi, doc{summary: "This document", status: 200, answer: "Contract"}},
		{http.MethodGet, "/api/health", "", nil, (*call).health, doc{summary: "Liveness", status: 200, answer: "Health"}},
	}
}
