package blob

import (
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestAnErrorInTheMiddleOfABlobNeverQuotesTheURL(t *testing.T) {
	t.Parallel()
	sent := &url.Error{Op: "Get", URL: "http://host/canary", Err: io.ErrUnexpectedEOF}
	b := body{io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(sent))), "read blob in parts"}
	got, err := io.ReadAll(b)
	require.Equal(t, "half", string(got))
	require.EqualError(t, err, "store: read blob in parts: no answer: connection closed")
	got, err = io.ReadAll(body{io.NopCloser(strings.NewReader("whole")), "read"})
	require.NoError(t, err)
	require.Equal(t, "whole", string(got))
}
