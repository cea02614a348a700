package graphsim

import (
	"fmt"
	"net/http"
	"time"
)

// Record is one JSON object as the service would send it. A stored record is never changed,
// only replaced.
type Record = map[string]any

// Error is a refusal in the form of an OData error: https://learn.microsoft.com/graph/errors gives
// the form and the meaning of each status. No page of Microsoft's is known that lists the codes of
// the directory, so those below have no source and the product does not decide by them.
type Error struct {
	Status  int
	Code    string // such as Request_ResourceNotFound
	Message string // never holds a value of a person
	Header  http.Header
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// NotFound is the service's answer for an object that is not there.
func NotFound() *Error {
	return &Error{Status: http.StatusNotFound, Code: "Request_ResourceNotFound", Message: "Resource does not exist or one of its queried reference-property objects are not present."}
}

// Denied is the service's answer to an app that lacks a permission.
func Denied() *Error {
	return &Error{Status: http.StatusForbidden, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
}

// BadRequest is a request that the service does not understand.
func BadRequest(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "BadRequest", Message: message}
}

// unsupported is a query that the service understands and does not serve.
func unsupported(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_UnsupportedQuery", Message: message}
}

func unauthorized(message string) *Error {
	return &Error{
		Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: message,
		Header: http.Header{"Www-Authenticate": {`Bearer realm="", authorization_uri="/common/oauth2/authorize"`}},
	}
}

// body builds the OData error document.
func (e *Error) body(requestID, clientID string, now time.Time) Record {
	return Record{"error": Record{
		"code":    e.Code,
		"message": e.Message,
		"innerError": Record{
			"date":              now.UTC().Format("2006-01-02T15:04:05Z"),
			"request-id":        requestID,
			"client-request-id": clientID,
		},
	}}
}
