// Package problem says what went wrong in a form that can be shown to anybody.
//
// A problem is a stable code, a sentence and a JSON pointer. Its cause stays private.
package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Error is a failure with a text that may be shown to a caller. The text names the field and
// what is wrong with it, never a value.
type Error struct {
	Code   Code
	Status int    // HTTP status, from the table of codes
	Detail string // a sentence for a person
	// Pointer says where in the body (RFC 6901). It is empty for the whole body, and for a query
	// parameter or a header.
	Pointer string
	cause   error
}

// New makes an error of that code. The detail is public.
func New(code Code, pointer, detail string) *Error {
	return &Error{Code: code, Status: code.Status(), Detail: detail, Pointer: pointer}
}

// Absent is the problem of what does not exist and of what belongs to another tenant: a caller
// must not learn which of the two it is.
func Absent() *Error { return New(NotFound, "", "there is no such thing, or it is not yours") }

// Newf is New with a format. Its arguments are as public as the format.
func Newf(code Code, pointer, format string, args ...any) *Error {
	return New(code, pointer, fmt.Sprintf(format, args...))
}

// Because returns a copy with a private cause: errors.Is and errors.As see it, no caller does.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// Error is the public text.
func (e *Error) Error() string {
	if e.Pointer == "" {
		return string(e.Code) + ": " + e.Detail
	}
	return string(e.Code) + " at " + e.Pointer + ": " + e.Detail
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.cause }

// As returns the problem in err's chain, or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Is reports whether err is a problem of that code.
func Is(err error, code Code) bool {
	e := As(err)
	return e != nil && e.Code == code
}

// Body is the application/problem+json form (RFC 9457). No member of it differs between two calls:
// another tenant's thing and an unknown one must be answered by the same bytes.
type Body struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Code    Code   `json:"code"`
	Detail  string `json:"detail"`
	Pointer string `json:"pointer,omitempty"`
}

// ServeHTTP answers a call with the problem. It is the one writer of problems. Headers that
// were set before stay.
func (e *Error) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b, _ := json.Marshal(e.Body()) // texts and a number never fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)
	_, _ = w.Write(append(b, '\n')) // a caller who has gone needs no answer
}

// Body returns what a caller is shown.
func (e *Error) Body() Body {
	return Body{
		Type: "about:blank", Title: http.StatusText(e.Status), Status: e.Status,
		Code: e.Code, Detail: e.Detail, Pointer: e.Pointer,
	}
}
