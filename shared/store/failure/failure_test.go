package failure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/stretchr/testify/require"
)

func TestAnErrorNeverQuotesTheURL(t *testing.T) {
	t.Parallel()
	for want, cause := range map[string]error{
		"time-out":                 context.DeadlineExceeded,
		"cancelled":                context.Canceled,
		"connection refused":       &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"connection reset":         &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
		"connection closed":        io.EOF,
		"no such host":             &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "canary", IsNotFound: true}},
		"incomplete answer":        errors.Join(ErrCut, errors.New("canary")),
		"*errors.errorString":      errors.New("canary"),
		"*json.UnmarshalTypeError": &json.UnmarshalTypeError{Value: "canary"},
	} {
		sent := &url.Error{Op: "Get", URL: "http://host/requests(PartitionKey='canary')?sig=canary", Err: cause}
		err := Wrap("read row", fmt.Errorf("tried 4 times: %w", sent))
		require.EqualError(t, err, "store: read row: no answer: "+want)
		require.ErrorIs(t, err, cause)
	}
}

func TestOutageAndRefusal(t *testing.T) {
	t.Parallel()
	status := func(n int, code string) error {
		return &azcore.ResponseError{StatusCode: n, ErrorCode: code}
	}
	for name, c := range map[string]struct {
		err             error
		outage, refused bool
	}{
		"nothing":              {nil, false, false},
		"no answer":            {Wrap("x", errors.New("SDK error")), true, false},
		"the network":          {&net.OpError{Op: "read", Err: errors.New("reset")}, true, false},
		"half an answer":       {io.ErrUnexpectedEOF, true, false},
		"cancelled":            {context.Canceled, true, false},
		"out of time":          {context.DeadlineExceeded, true, false},
		"busy":                 {Wrap("x", status(http.StatusServiceUnavailable, "ServerBusy")), true, false},
		"throttled":            {Wrap("x", status(http.StatusTooManyRequests, "")), true, false},
		"timed out":            {Wrap("x", status(http.StatusRequestTimeout, "")), true, false},
		"forbidden":            {Wrap("x", status(http.StatusForbidden, "AuthorizationFailure")), false, true},
		"archived":             {Wrap("x", status(http.StatusConflict, "BlobArchived")), false, true},
		"archived, while read": {status(http.StatusConflict, "BlobArchived"), false, true},
		"changed":              {Wrap("x", status(http.StatusPreconditionFailed, "ConditionNotMet")), false, false},
		"not there":            {ErrNotFound, false, false},
		"changed by others":    {ErrConflict, false, false},
		"any other error":      {errors.New("other"), false, false},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		require.Equal(t, c.outage, Outage(err), name)
		require.Equal(t, c.refused, Refused(err), name)
	}
}
