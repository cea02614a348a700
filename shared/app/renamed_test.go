package app_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

// TestACallerKeepsItsRequestsUnderAnotherName: a caller that is renamed and keeps its id finds its
// requests and lists by the same idempotency keys, and is shown under its new name.
func TestACallerKeepsItsRequestsUnderAnotherName(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../infra/local/rightsdesk.yaml")
	require.NoError(t, err)
	before := string(b)
	w := newWorld(t, options{document: before})
	body := asked(entrasim.Contoso, map[string]any{"email": "jane@contoso.example"}, "export")
	id := w.submit(contosoKey, "same", body)
	w.must(http.StatusOK, "POST", "/api/requests/"+id+"/cancel", contosoKey, map[string]any{"reason": "withdrawn"})
	line, err := json.Marshal(map[string]any{"actions": []string{"export"}, "regime": "gdpr", "subject": map[string]any{"email": "joe@contoso.example"}})
	require.NoError(t, err)
	upload := func() string {
		var list struct{ ID string }
		w.must(http.StatusAccepted, "POST", "/api/bulk?tenant="+entrasim.Contoso+"&reference=r-1", contosoKey, string(line)+"\n",
			"Idempotency-Key: list", "Content-Type: application/x-ndjson").into(t, &list)
		return list.ID
	}
	list := upload()
	by := func() (out []string) {
		var history struct{ Items []struct{ By string } }
		w.must(http.StatusOK, "GET", "/api/requests/"+id+"/events", contosoKey, nil).into(t, &history)
		for _, e := range history.Items {
			out = append(out, e.By)
		}
		return out
	}
	require.Equal(t, []string{"contoso-admin", "contoso-admin"}, by())

	w.restart(strings.Replace(before, "- name: contoso-admin", "- name: privacy-office", 1))
	require.Equal(t, id, w.submit(contosoKey, "same", body), "the same request")
	require.Equal(t, list, upload(), "the same list")
	require.Equal(t, []string{"privacy-office", "privacy-office"}, by(), "the name as it is now")
	body["regime"] = "ccpa"
	w.must(http.StatusConflict, "POST", "/api/requests", contosoKey, body, "Idempotency-Key: same")
	body["regime"] = "gdpr"
	again := w.submit(contosoKey, "another", body)
	w.pump()
	require.Equal(t, "completed", w.get(contosoKey, again).State)

	w.restart(strings.Replace(before, "- name: contoso-admin\n    id: contoso-admin\n", "- name: privacy-office\n", 1))
	require.NotEqual(t, id, w.submit(contosoKey, "same", body), "without its id it is another caller")
	require.Equal(t, []string{"contoso-admin", "contoso-admin"}, by(), "nobody has that id now")
}
