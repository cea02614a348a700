package app_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/functionhost"
)

// Every job ends long before the host would end the process. A job without a limit is refused when
// the program starts.
func TestEveryJobEndsBeforeTheHostEndsIt(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../host.json")
	require.NoError(t, err)
	var host struct{ FunctionTimeout string }
	require.NoError(t, json.Unmarshal(text, &host))
	at, err := time.Parse(time.TimeOnly, host.FunctionTimeout)
	require.NoError(t, err)
	timeout := at.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	require.Equal(t, functionhost.Timeout, timeout, "the program knows the time-out of host.json")

	w := newWorld(t, options{})
	require.NotEmpty(t, w.app.Triggers)
	for name, job := range w.app.Triggers {
		require.Positive(t, job.Limit, name)
		require.LessOrEqual(t, job.Limit, timeout/2, name)
	}
}
