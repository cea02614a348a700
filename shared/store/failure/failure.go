// Package failure has the errors of storage calls that rows, blobs and queues share.
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

// The errors that callers tell apart. Any other error is a fault of the storage account: whether
// anything was written is not known.
var (
	ErrNotFound = errors.New("store: not found")
	ErrConflict = errors.New("store: another writer changed it, load it again")
	ErrExists   = errors.New("store: already exists")
	ErrTooLarge = errors.New("store: larger than a row can hold")
	// ErrNoAccount says that a blob lies in an account that no destination names any more.
	ErrNoAccount = errors.New("store: no client for the account, which no destination names")
)

// ErrCut says that the answer of a call is incomplete: what became of the call is not known.
var ErrCut = errors.New("the transaction's answer is incomplete")

// Error is a fault of storage. Its text names the operation, the HTTP status and the service's
// code, but no body and no key. Without an answer it names the kind of failure only. The SDK's own
// text may quote the URL, which holds keys of rows and signatures of links.
type Error struct {
	Op     string
	Status int    // 0 without an answer
	Code   string // from the service, such as "ServerBusy"
	cause  error
}

func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("store: %s: HTTP %d %s", e.Op, e.Status, e.Code)
	}
	return fmt.Sprintf("store: %s: no answer: %s", e.Op, class(e.cause))
}

// class names the kind of a failure without an answer.
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

// innermost unwraps as long as there is a single cause. The wrappers around it say nothing.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// Unwrap returns the SDK's error. Its text must not be logged.
func (e *Error) Unwrap() error { return e.cause }

// Wrap turns an error of the SDK into the Error of an operation. It returns nil, ErrTooLarge and
// anything that is an Error already as they are.
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

// answered is an error that knows the service's answer better than the SDK's error does.
type answered interface {
	error
	Answer() (status int, code string)
}

// answer returns the HTTP status and the service's code from an error of the SDK. The status is 0
// without an answer.
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

// IsStatus reports whether an error is an answer of the service with one of some HTTP statuses.
func IsStatus(err error, statuses ...int) bool {
	got, _ := answer(err)
	for _, s := range statuses {
		if got == s {
			return true
		}
	}
	return false
}

// Outage reports whether an error says that the storage service as a whole does not work now: no
// answer, a time-out, throttling or a server error. Waiting does not help against any other error.
func Outage(err error) bool {
	if status, _ := answer(err); status != 0 {
		return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
	}
	var unanswered *Error
	var network net.Error
	return errors.As(err, &unanswered) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// Refused reports whether the service refused a call for a reason that no later try changes, such
// as 403 or 409 BlobArchived. A lost race (412) does not count.
func Refused(err error) bool {
	status, _ := answer(err)
	return status >= 400 && status != http.StatusPreconditionFailed && !Outage(err)
}

// NotFound reports whether the service answered 404.
func NotFound(err error) bool { return IsStatus(err, http.StatusNotFound) }
