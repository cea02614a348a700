package msgraph

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// NotFoundError says that Graph does not have the object, or has it no longer.
type NotFoundError struct {
	Code      string
	RequestID string
}

// Error names the codes.
func (e *NotFoundError) Error() string {
	s := "graph: not found (HTTP 404 " + e.Code + ")"
	if e.RequestID != "" {
		s += ", request id " + e.RequestID
	}
	return s
}

// IsNotFound reports whether err says that Graph does not have the object.
func IsNotFound(err error) bool {
	var e *NotFoundError
	return errors.As(err, &e)
}

// classify turns a failed attempt into a *connector.Fault or a *NotFoundError. Both are made of
// codes. Nothing of err itself is kept, since the SDK and net/http may quote the question in
// their texts.
func (c *Client) classify(err error, ex *exchange, permission string) error {
	code := faultCode(err, ex)
	if ex.status == http.StatusNotFound {
		return &NotFoundError{Code: code, RequestID: ex.requestID}
	}
	f := &connector.Fault{
		Kind: faultKind(ex.status, code), System: c.system, Code: code, Status: ex.status, RequestID: ex.requestID,
		RetryAfter: c.retryAfter(ex.header),
	}
	if f.Kind == connector.Forbidden {
		f.Permission = permission
	}
	return f
}

func faultCode(err error, ex *exchange) string {
	var odata *odataerrors.ODataError
	switch {
	case !ex.answered:
		return codeNoToken
	case ex.status/100 == 2:
		return bodyCode(err)
	case errors.As(err, &odata) && odata.GetErrorEscaped() != nil && odata.GetErrorEscaped().GetCode() != nil:
		return *odata.GetErrorEscaped().GetCode()
	}
	return ex.code
}

// faultKind says whether waiting helps. Status 0 means that there was no answer.
func faultKind(status int, code string) connector.FaultKind {
	switch {
	case code == codeTooLarge, code == codeForeignHost, code == codeRedirect:
		return connector.Rejected
	case status == http.StatusForbidden:
		return connector.Forbidden
	case status == http.StatusTooManyRequests:
		return connector.Throttled
	case status == http.StatusUnauthorized, status == http.StatusRequestTimeout:
		return connector.Unavailable // a token is accepted once consent has arrived
	case status/100 == 4, status == http.StatusNotImplemented:
		return connector.Rejected
	}
	return connector.Unavailable
}

var errNotJSON = errors.New("msgraph: the answer is not the JSON that was asked for")

func bodyCode(err error) string {
	switch {
	case errors.Is(err, errTooLarge):
		return codeTooLarge
	case errors.Is(err, errNotJSON):
		return codeNotJSON
	case errors.Is(err, context.DeadlineExceeded):
		return codeTimeout
	}
	return codeCutBody
}

// maxRetryAfter is the longest pause that is believed: Graph asks for minutes at most.
const maxRetryAfter = time.Hour

// retryAfter reads Retry-After (RFC 9110 section 10.2.3). It is a number of seconds, to which
// Graph sometimes adds a fraction, or a date. A date is compared with the answer's own Date, so
// that clocks need not agree. 0 means that the header is absent or cannot be read.
func (c *Client) retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if math.IsNaN(s) || s <= 0 {
			return 0
		}
		return time.Duration(min(s, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		from = c.clocks.Wall()
	}
	return max(0, min(at.Sub(from), maxRetryAfter))
}
