package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// alter changes a stored event behind the interface's back.
func (w *world) alter(id string, seq int, change func(event []byte) []byte) {
	w.t.Helper()
	table := w.Clients.Tables.NewClient(w.Prefix + "requests")
	partition, key := contoso+"|"+id, fmt.Sprintf("e|%010d", seq)
	got, err := table.GetEntity(w.t.Context(), partition, key, nil)
	require.NoError(w.t, err)
	var row aztables.EDMEntity
	require.NoError(w.t, json.Unmarshal(got.Value, &row))
	changed := change(row.Properties["event0"].(aztables.EDMBinary))
	if changed == nil {
		_, err = table.DeleteEntity(w.t.Context(), partition, key, nil)
		require.NoError(w.t, err)
		return
	}
	row.Properties["event0"] = aztables.EDMBinary(changed)
	b, err := json.Marshal(row)
	require.NoError(w.t, err)
	_, err = table.UpsertEntity(w.t.Context(), b, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	require.NoError(w.t, err)
}

func TestAHistoryThatWasChangedIsToldFromAWholeOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seq    int
		change func([]byte) []byte
		items  int
	}{
		"untouched":   {1, func(b []byte) []byte { return b }, 4},
		"the first":   {1, func(b []byte) []byte { return bytes.Replace(b, []byte(`"admin"`), []byte(`"other"`), 1) }, 4},
		"one between": {2, func(b []byte) []byte { return bytes.Replace(b, []byte(`"step:test"`), []byte(`"step:tost"`), 1) }, 4},
		"the last":    {4, func(b []byte) []byte { return bytes.Replace(b, []byte(`:4,`), []byte(`:4, `), 1) }, 4},
		"one is gone": {2, func([]byte) []byte { return nil }, 3},
		"end is gone": {4, func([]byte) []byte { return nil }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.submit("admin", "k", nil)
			w.discovered(id, dsr.OutcomeDone)
			tag := w.ask("GET", "/api/requests/"+id, "reader", "").header.Get("ETag")
			w.alter(id, c.seq, c.change)
			r := w.ask("GET", "/api/requests/"+id+"/events", "reader", "", "If-None-Match: "+tag)
			require.Equal(t, http.StatusOK, r.status, r.body)
			require.Len(t, r.json(t)["items"], c.items)
			intact := name == "untouched"
			require.Equal(t, intact, r.json(t)["intact"])
			w.log.mu.Lock()
			defer w.log.mu.Unlock()
			require.Equal(t, !intact, strings.Contains(w.log.String(), `"code":"history-broken"`))
		})
	}
}
