package problem

import "net/http"

// Code names one kind of failure. Codes are part of the interface: new ones may come, none is
// changed.
type Code string

// The codes.
const (
	ContentType     Code = "content-type"
	EmptyBody       Code = "empty-body"
	TooLarge        Code = "too-large"
	InvalidJSON     Code = "invalid-json"
	InvalidUTF8     Code = "invalid-utf8"
	DuplicateKey    Code = "duplicate-key"
	TooDeep         Code = "too-deep"
	NotAnObject     Code = "not-an-object"
	UnknownField    Code = "unknown-field"
	WrongType       Code = "wrong-type"
	MissingField    Code = "missing-field"
	InvalidValue    Code = "invalid-value"
	TooLong         Code = "too-long"
	TooMany         Code = "too-many"
	Repeated        Code = "repeated"
	InvalidCSV      Code = "invalid-csv"
	UnknownColumn   Code = "unknown-column"
	InvalidBlobPath Code = "invalid-blob-path"
	TooManyLines    Code = "too-many-lines"
	UnclosedQuote   Code = "unclosed-quote"
	WrongEncoding   Code = "wrong-encoding"
	BlobMissing     Code = "blob-missing"
	BlobUnreadable  Code = "blob-unreadable"
	BlobChanged     Code = "blob-changed"
	UnknownTenant   Code = "unknown-tenant"
	GaveUp          Code = "gave-up"

	UnknownSystem      Code = "unknown-system"
	UnknownAction      Code = "unknown-action"
	UnknownRegime      Code = "unknown-regime"
	UnknownDestination Code = "unknown-destination"
	UnknownKind        Code = "unknown-identifier-kind"
	UnknownCandidate   Code = "unknown-candidate"
	NoIdentifier       Code = "no-identifier"
	MalformedObjectID  Code = "malformed-object-id"
	MalformedUPN       Code = "malformed-user-principal-name"
	MalformedEmail     Code = "malformed-email"
	MalformedPhone     Code = "malformed-phone"
	MalformedTime      Code = "malformed-time"
	FutureDate         Code = "future-date"
	PastDate           Code = "date-too-old"

	MissingIdempotencyKey   Code = "missing-idempotency-key"
	MalformedIdempotencyKey Code = "malformed-idempotency-key"
	MalformedReference      Code = "malformed-reference"
	MalformedID             Code = "malformed-id"
	MalformedQuery          Code = "malformed-query"
	UnknownParameter        Code = "unknown-parameter"
	MalformedParameter      Code = "malformed-parameter"
	MissingParameter        Code = "missing-parameter"
	MalformedCursor         Code = "malformed-cursor"
	UnsupportedFilter       Code = "unsupported-filter"

	KeyInURL       Code = "key-in-url"
	MissingKey     Code = "missing-key"
	WrongKey       Code = "wrong-key"
	NoRight        Code = "no-right"
	NotFound       Code = "not-found"
	NoRoute        Code = "no-such-address"
	NoPackage      Code = "no-package"
	PackageExpired Code = "package-expired"
	PackageMissing Code = "package-missing"
	NoResult       Code = "no-result"
	WrongMethod    Code = "method-not-allowed"

	IdempotencyConflict Code = "idempotency-conflict"
	ReferenceTaken      Code = "reference-taken"
	WrongState          Code = "wrong-state"
	NotManual           Code = "not-a-manual-task"
	NothingToRetry      Code = "nothing-to-retry"
	DestinationGone     Code = "destination-gone"
	CaseKeyDestroyed    Code = "case-key-destroyed"
	ChangedMeanwhile    Code = "changed-meanwhile"
	PreconditionFailed  Code = "precondition-failed"

	Internal    Code = "internal"
	Unavailable Code = "unavailable"
)

// Meaning is one row of the table of codes.
type Meaning struct {
	Code   Code
	Status int
	Text   string // what it means, for the OpenAPI document
}

// Table is every code with its HTTP status and meaning.
func Table() []Meaning { return table }

var table = []Meaning{
	{ContentType, http.StatusUnsupportedMediaType, "The Content-Type (or Content-Encoding) is missing, or this call does not take it."},
	{EmptyBody, http.StatusBadRequest, "There is no body."},
	{TooLarge, http.StatusRequestEntityTooLarge, "The body is larger than this call takes, whether its length was declared or not."},
	{InvalidJSON, http.StatusBadRequest, "The body is not JSON; the detail names the byte offset."},
	{InvalidUTF8, http.StatusBadRequest, "The body is not UTF-8; the detail names the byte offset."},
	{DuplicateKey, http.StatusBadRequest, "An object has two members of the same name."},
	{TooDeep, http.StatusBadRequest, "Objects or arrays are nested too deeply."},
	{NotAnObject, http.StatusBadRequest, "One JSON object is expected."},
	{UnknownField, http.StatusBadRequest, "An object has a member that this call does not know; the pointer names the object."},
	{WrongType, http.StatusBadRequest, "A member has another JSON type than expected."},
	{MissingField, http.StatusBadRequest, "A member that is needed is missing."},
	{InvalidValue, http.StatusBadRequest, "A member has a value that is not allowed."},
	{TooLong, http.StatusBadRequest, "A text is longer than allowed."},
	{TooMany, http.StatusBadRequest, "A list has more entries than allowed."},
	{Repeated, http.StatusBadRequest, "A list names the same thing twice."},
	{InvalidCSV, http.StatusBadRequest, "A line is not CSV as RFC 4180 defines it, or has another number of cells than the header."},
	{UnknownColumn, http.StatusBadRequest, "The header of a CSV list names a column that is not known, or names a column twice."},
	{InvalidBlobPath, http.StatusBadRequest, "The path of the blob is malformed, or is not the tenant's own."},
	{TooManyLines, http.StatusBadRequest, "The list has more than 100,000 lines; this line and all lines after it were left out."},
	{UnclosedQuote, http.StatusBadRequest, "A quote that opens in a CSV list is never closed; this line and all lines after it cannot be read."},
	{WrongEncoding, http.StatusBadRequest, "The list is UTF-16 or UTF-32, and UTF-8 is expected."},
	{BlobMissing, http.StatusBadRequest, "The blob that a queue message names is not there."},
	{BlobUnreadable, http.StatusBadRequest, "The storage refuses to read the blob that a queue message names, for instance because it is archived."},
	{BlobChanged, http.StatusBadRequest, "The blob of a list was replaced after the list was received."},
	{UnknownTenant, http.StatusBadRequest, "A queue message names no tenant, or one that the queue's caller may not act for."},
	{GaveUp, http.StatusInternalServerError, "The host gave up on a queue message after the storage had failed too often."},
	{UnknownSystem, http.StatusBadRequest, "The tenant has no such system."},
	{UnknownAction, http.StatusBadRequest, "There is no such action, or the tenant does not take requests for it."},
	{UnknownRegime, http.StatusBadRequest, "There is no such regime."},
	{UnknownDestination, http.StatusBadRequest, "The tenant has no destination of that name."},
	{UnknownKind, http.StatusBadRequest, "No system can find a person by that kind of identifier."},
	{UnknownCandidate, http.StatusBadRequest, "The object is not one of the candidates."},
	{NoIdentifier, http.StatusBadRequest, "Nothing identifies the data subject; a name alone is not enough."},
	{MalformedObjectID, http.StatusBadRequest, "An object id is not a GUID."},
	{MalformedUPN, http.StatusBadRequest, "A user principal name is not name@domain."},
	{MalformedEmail, http.StatusBadRequest, "An e-mail address is not name@domain."},
	{MalformedPhone, http.StatusBadRequest, "A phone number is neither in international form nor in the form of the country of residence."},
	{MalformedTime, http.StatusBadRequest, "A time is not in the form of RFC 3339."},
	{FutureDate, http.StatusBadRequest, "A date is in the future."},
	{PastDate, http.StatusBadRequest, "A date is more than ten years ago."},
	{MissingIdempotencyKey, http.StatusBadRequest, "The header Idempotency-Key is missing."},
	{MalformedIdempotencyKey, http.StatusBadRequest, "The idempotency key is not 1 to 255 printable ASCII characters, or is given more than once."},
	{MalformedReference, http.StatusBadRequest, "A reference has characters or a length that are not allowed."},
	{MalformedID, http.StatusBadRequest, "An id is malformed: lower-case hex digits in groups of 8-4-4-4-12 are expected."},
	{MalformedQuery, http.StatusBadRequest, "The query of the URL is malformed or too long."},
	{UnknownParameter, http.StatusBadRequest, "The URL has a query parameter that this call does not know."},
	{MalformedParameter, http.StatusBadRequest, "A query parameter has a value that is not allowed, or is given more than once."},
	{MissingParameter, http.StatusBadRequest, "A query parameter that is needed is missing."},
	{MalformedCursor, http.StatusBadRequest, "The cursor does not belong to this list."},
	{UnsupportedFilter, http.StatusBadRequest, "These filters cannot be used together."},
	{KeyInURL, http.StatusBadRequest, "A key belongs in the header x-api-key: URLs are logged, so others may know the key now: replace it."},
	{MissingKey, http.StatusUnauthorized, "The header x-api-key is missing."},
	{WrongKey, http.StatusUnauthorized, "The key is not known."},
	{NoRight, http.StatusForbidden, "The caller does not have the right that this call needs."},
	{NotFound, http.StatusNotFound, "There is no such thing, or it belongs to a tenant that is not the caller's."},
	{NoRoute, http.StatusNotFound, "Nothing is served at this address."},
	{NoPackage, http.StatusNotFound, "There is no package: it is not built yet, or the request needs none."},
	{NoResult, http.StatusNotFound, "There is no result: the import has not ended, or the retention of the result has."},
	{PackageExpired, http.StatusGone, "The retention of the package has ended: it can no longer be read."},
	{PackageMissing, http.StatusGone, "The package is no longer where it was put, and Rightsdesk did not delete it."},
	{WrongMethod, http.StatusMethodNotAllowed, "The address does not take this method; the header Allow names those that it takes."},
	{IdempotencyConflict, http.StatusConflict, "The idempotency key was used before, with another body or for another reference."},
	{ReferenceTaken, http.StatusConflict, "The reference was used for another list before."},
	{WrongState, http.StatusConflict, "The request is in a state in which this cannot be done."},
	{NotManual, http.StatusConflict, "The task is not one that a person ends."},
	{NothingToRetry, http.StatusConflict, "No task of the request has failed."},
	{DestinationGone, http.StatusConflict, "The destination that holds the package is no longer configured."},
	{CaseKeyDestroyed, http.StatusConflict, "The key of the case was destroyed: what it sealed can no longer be read."},
	{ChangedMeanwhile, http.StatusConflict, "Other calls changed the request at the same time, again and again. Try again."},
	{PreconditionFailed, http.StatusPreconditionFailed, "If-Match names another version than the present one."},
	{Internal, http.StatusInternalServerError, "Rightsdesk could not serve the call. Its log says why, under the id in the header X-Request-Id."},
	{Unavailable, http.StatusServiceUnavailable, "The storage does not answer. Try again after Retry-After seconds; a POST with the same Idempotency-Key."},
}

var statuses = func() map[Code]int {
	m := make(map[Code]int, len(table))
	for _, row := range table {
		m[row.Code] = row.Status
	}
	return m
}()

// Status is the code's HTTP status, 500 for a code that is not in the table.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}
