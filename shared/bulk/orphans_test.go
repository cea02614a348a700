package bulk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

func TestOrphansAreWhatNoImportNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	live := w.receive(s, tenant, "r-1", list.JSONLines, person("a@c.example", ""))
	_, _, err := s.upload(t.Context(), tenant+"/"+newTenant()+"/cut-off.ndjson", Upload{Format: list.JSONLines, Body: strings.NewReader("{}")})
	require.NoError(t, err)
	_, _, err = s.upload(t.Context(), tenant+"/"+live.ID+"/second.ndjson", Upload{Format: list.JSONLines, Body: strings.NewReader("{}")})
	require.NoError(t, err)
	w.upload(tenant+"/in/people.csv", "email\n")

	n, err := s.Orphans(t.Context(), []string{tenant, newTenant()})
	require.NoError(t, err)
	require.Zero(t, n, "they may still become imports")

	w.ahead.Add(int64(25 * time.Hour))
	n, err = s.Orphans(t.Context(), []string{tenant})
	require.NoError(t, err)
	require.Equal(t, 2, n)
	names := []string{}
	for _, b := range w.blobs(store.BulkInputs, tenant) {
		names = append(names, b.Name)
	}
	require.ElementsMatch(t, []string{live.Blob, tenant + "/in/people.csv"}, names)
}
