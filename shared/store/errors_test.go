package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/stretchr/testify/require"
)

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
		"no answer":            {fault("x", errors.New("of the SDK")), true, false},
		"the network":          {&net.OpError{Op: "read", Err: errors.New("reset")}, true, false},
		"half an answer":       {io.ErrUnexpectedEOF, true, false},
		"cancelled":            {context.Canceled, true, false},
		"out of time":          {context.DeadlineExceeded, true, false},
		"busy":                 {fault("x", status(http.StatusServiceUnavailable, "ServerBusy")), true, false},
		"throttled":            {fault("x", status(http.StatusTooManyRequests, "")), true, false},
		"timed out":            {fault("x", status(http.StatusRequestTimeout, "")), true, false},
		"forbidden":            {fault("x", status(http.StatusForbidden, "AuthorizationFailure")), false, true},
		"archived":             {fault("x", status(http.StatusConflict, "BlobArchived")), false, true},
		"archived, while read": {status(http.StatusConflict, "BlobArchived"), false, true},
		"changed":              {fault("x", status(http.StatusPreconditionFailed, "ConditionNotMet")), false, false},
		"not there":            {ErrNotFound, false, false},
		"somebody else's":      {ErrClaimed, false, false},
		"another's error":      {errors.New("of ours"), false, false},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		require.Equal(t, c.outage, Outage(err), name)
		require.Equal(t, c.refused, Refused(err), name)
	}
}
