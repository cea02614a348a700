package aztable

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// version returns the condition that the row is unchanged. It refuses a missing ETag, which the SDK
// sends as "*": any version.
func version(r *row.Row) (*azcore.ETag, error) {
	if r.ETag == "" || r.ETag == "*" {
		return nil, fmt.Errorf("store: an unconditional change of row %s was refused", r.Key)
	}
	return to.Ptr(azcore.ETag(r.ETag)), nil
}

// batchError is the inner answer of a transaction that was refused. The SDK reports a ResponseError
// with StatusCode 202 and no ErrorCode instead, because the outer answer is 202 Accepted (seen with
// aztables 1.4.1 on Azurite 3.37 for 404, 409 and 412).
type batchError struct {
	status int
	code   string
	index  int // index of the refused row; -1 when the service did not say
	cause  error
}

func (e *batchError) Error() string {
	return fmt.Sprintf("transaction refused: HTTP %d %s", e.status, e.code)
}

// Answer tells package failure the status and the code.
func (e *batchError) Answer() (status int, code string) { return e.status, e.code }

func (e *batchError) Unwrap() error { return e.cause }

// classify returns a row.Refusal for a condition that did not hold, and any other error as it is.
func classify(err error) error {
	refused := &row.Refusal{Op: -1, Cause: err}
	switch {
	case failure.IsStatus(err, http.StatusConflict):
		refused.Reason = row.Exists
	case failure.IsStatus(err, http.StatusPreconditionFailed):
		refused.Reason = row.Changed
	case failure.NotFound(err):
		refused.Reason = row.Missing
	default:
		return err
	}
	var inner *batchError
	if errors.As(err, &inner) {
		refused.Op = inner.index
	}
	return refused
}
