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

// classify turns the outcome of one attempt into a *connector.Fault or *NotFoundError made of
// codes only. Nothing of err itself is kept: what the SDK and net/http write into their texts
// is not ours to vouch for.
func (c *Client) classify(err error, ex *exchange, permission string) error {
	f := &connector.Fault{
		Kind: connector.Unavailable, System: c.system, Code: ex.code, Status: ex.status, RequestID: ex.requestID,
		RetryAfter: c.retryAfter(ex.header),
	}
	var odata *odataerrors.ODataError
	if errors.As(err, &odata) && odata.GetErrorEscaped() != nil && odata.GetErrorEscaped().GetCode() != nil {
		f.Code = *odata.GetErrorEscaped().GetCode()
	}
	switch {
	// the token could not be had: time or an operator cures that, and nothing is lost by
	// waiting
	case !ex.answered:
		f.Code = codeNoToken
	case ex.status >= 200 && ex.status < 300:
		f.Code = bodyCode(err)
		if f.Code == codeTooLarge {
			f.Kind = connector.Rejected
		}
	case ex.code == codeForeignHost || ex.code == codeRedirect:
		f.Kind = connector.Rejected
	case ex.status == http.StatusNotFound:
		return &NotFoundError{Code: f.Code, RequestID: f.RequestID}
	case ex.status == http.StatusForbidden:
		f.Kind, f.Permission = connector.Forbidden, permission
	case ex.status == http.StatusTooManyRequests:
		f.Kind = connector.Throttled
	case ex.status == http.StatusUnauthorized, ex.status == http.StatusRequestTimeout:
		// Unavailable: a token that is refused today (secret replaced, consent on its way) is
		// accepted later.
	case ex.status >= 400 && ex.status < 500, ex.status == http.StatusNotImplemented:
		f.Kind = connector.Rejected
	}
	return f
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

// maxRetryAfter is the longest pause that we take at Graph's word.
const maxRetryAfter = time.Hour

// retryAfter reads Retry-After: seconds, which Graph sends with a fraction at times, or a date,
// which is held against the answer's own Date so that clocks need not agree (RFC 9110 section
// 10.2.3). 0 means that the header is absent or senseless.
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
