package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// A task of the system with the longest name can be ended by its address, whatever the action.
func TestEveryTaskHasAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end := func(task string) reply {
		return w.ask("POST", "/api/requests/"+unknown+"/tasks/"+task, "admin", `{"outcome":"done","text":"Sent by post."}`)
	}
	longest := strings.Repeat("a", 63)
	require.True(t, dsr.ValidName(longest))
	for _, action := range append(dsr.Requestable(), dsr.Discover) {
		id := string(dsr.NewTaskID(longest, action))
		require.True(t, layout.ValidSegment(id), id)
		require.Equal(t, "not-found", end(id).json(t)["code"], id)
	}
	for name, id := range map[string]string{
		"too long": strings.Repeat("a", 81), "in capitals": "Entra-access", "begins with a digit": "1-access",
	} {
		r := end(id)
		require.Equal(t, http.StatusBadRequest, r.status, name)
		require.Equal(t, "malformed-id", r.json(t)["code"], name)
	}
}
