package httpapi_test

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A number in a log line is of no use without its unit.
func TestTheLogLineOfACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusNotFound, w.ask("GET", "/api/requests/"+unknown, "admin", "").status)
	w.server.Close() // the line is written after the answer
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	text := w.log.String()
	require.NotContains(t, text, unknown, "no path")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(strings.TrimSpace(text)), &line))
	require.Equal(t, "call", line["msg"])
	require.EqualValues(t, http.StatusNotFound, line["status"])
	require.NotContains(t, line, "duration")
	ms, ok := line["duration_ms"].(float64)
	require.True(t, ok)
	require.Equal(t, math.Trunc(ms), ms)
	require.Less(t, ms, 60_000.0)
}
