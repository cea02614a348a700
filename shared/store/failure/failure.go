// Package failure says how a call to storage failed: the errors that rows, blobs and queues share.
package failure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// What callers tell apart. Everything else is a fault of our own storage: nothing is known to
// have been written.
var (
	ErrNotFound = errors.New("store: not found")
	ErrConflict = errors.New("store: somebody else changed it, load again")
	ErrExists   = errors.New("store: exists already")
	ErrTooLarge = errors.New("store: larger than a row can hold")
)

// ErrCut says that an answer does not tell what became of the call.
var ErrCut = errors.New("the transaction's answer is incomplete")

// Error is a fault of storage. Its text names the operation, the HTTP status and the service's
// code; it holds no body and no key. Without an answer it names the kind of failure only: what
// the SDK says of one may quote the URL, and with it keys of rows and links.
type Error struct {
	Op     string
	Status int    // 0: there was no answer
	Code   string // of the service, such as "ServerBusy"
	cause  error
}

func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("store: %s: HTTP %d %s", e.Op, e.Status, e.Code)
	}
	return fmt.Sprintf("store: %s: no answer: %s", e.Op, class(e.cause))
}

// class names the kind of a failure that had no answer.
func class(err error) string {
	var timeout interface{ Timeout() bool }
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "time-out"
	case errors.Is(err, ErrCut):
		return "incomplete answer"
	}
	return fmt.Sprintf("%T", innermost(err))
}

// innermost unwraps as far as there is one cause: the wrappers around it say nothing.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// Unwrap returns what the SDK said. Its text is not for a log.
func (e *Error) Unwrap() error { return e.cause }

// Wrap makes an error of the SDK an Error of an operation. One that is an Error already, or
// ErrTooLarge, stays as it is, and so does nil.
func Wrap(op string, err error) error {
	var wrapped *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrapped), errors.Is(err, ErrTooLarge):
		return err
	}
	status, code := answer(err)
	return &Error{Op: op, Status: status, Code: code, cause: err}
}

// answered is an error that knows the answer of the service better than the SDK does.
type answered interface {
	error
	Answer() (status int, code string)
}

// answer returns the HTTP status and the code of the service in an error of the SDK; 0 when
// there was no answer.
func answer(err error) (status int, code string) {
	var inner answered
	if errors.As(err, &inner) {
		return inner.Answer()
	}
	var re *azcore.ResponseError
	if errors.As(err, &re) {
		return re.StatusCode, re.ErrorCode
	}
	return 0, ""
}

// IsStatus reports whether an error is an answer of the service with one of the HTTP statuses.
func IsStatus(err error, statuses ...int) bool {
	got, _ := answer(err)
	for _, s := range statuses {
		if got == s {
			return true
		}
	}
	return false
}

// Outage reports whether an error says that the storage service as a whole does not answer now:
// no answer at all, a time-out, throttling or an error of the service's own. Anything else will
// be answered the same way tomorrow.
func Outage(err error) bool {
	if status, _ := answer(err); status != 0 {
		return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
	}
	var unanswered *Error
	var network net.Error
	return errors.As(err, &unanswered) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// Refused reports whether an error is the service's answer to what was asked, such as 403 or
// 409 BlobArchived, that no later try will change. A lost race (412) is none.
func Refused(err error) bool {
	status, _ := answer(err)
	return status >= 400 && status != http.StatusPreconditionFailed && !Outage(err)
}

// NotFound reports whether the service answered that there is no such thing.
func NotFound(err error) bool { return IsStatus(err, http.StatusNotFound) }

// LostRace reports whether the service refused a conditional write. It does not say who won:
// the SDK retries by itself, so the winner may be our own first try whose answer was lost.
func LostRace(err error) bool {
	return IsStatus(err, http.StatusConflict, http.StatusPreconditionFailed)
}
