package store_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// What is stored once is read for ever: a change of this golden file needs a reader of both forms.
func TestRowsOfListsAsTheyAreStored(t *testing.T) {
	t.Parallel()
	const tenant = "11111111-1111-4111-8111-111111111111"
	w := storetest.New(t)
	require.NoError(t, w.Store.Lists.Remember(bg, []string{tenant}))
	d := draft(tenant, "k")
	d.Wakes[retention.WakePackage], d.Wakes[retention.WakeParts] = received.AddDate(0, 1, 0), received.AddDate(0, 0, 1)
	c := create(t, w.Store, d)
	i := importOf(w.Store, tenant)
	i.Wakes[retention.WakeBulkInput], i.Wakes[retention.WakeBulkResult] = received.AddDate(0, 0, 7), received.AddDate(0, 1, 0)
	_, _, err := w.Store.Imports.Create(bg, i)
	require.NoError(t, err)
	first := storedRows(t, w)
	require.NoError(t, w.Store.Lists.Grow(bg, lists.Tenant{ID: tenant, Shards: 1}))
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: received.Add(time.Hour)}}))
	changed := storedRows(t, w)
	require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}, Wakes: map[retention.WakeKind]time.Time{retention.WakeFormer: received.Add(time.Hour)}}))
	working := storedRows(t, w)
	for _, e := range []dsr.Event{
		discovered("entra"), ended("entra-access", dsr.EventTaskEnded, dsr.OutcomePartial), answered(),
	} {
		require.NoError(t, w.Store.Commit(bg, c, store.Change{Events: []dsr.Event{e}}))
	}
	got := "# made\n" + strings.Join(first, "\n") + "\n# changed\n" + strings.Join(without(changed, first), "\n") +
		"\n# at work\n" + strings.Join(without(working, changed), "\n") +
		"\n# ended with gaps\n" + strings.Join(without(storedRows(t, w), working), "\n") + "\n"
	const golden = "testdata/lists.jsonl"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// storedRows returns the rows of table lists as JSON, in order, without what the service adds and
// with the random ids of keys left out.
func storedRows(t *testing.T, w *storetest.World) []string {
	t.Helper()
	var out []string
	for _, b := range w.Rows(t, "lists") {
		var r map[string]any
		require.NoError(t, json.Unmarshal(b, &r))
		for name := range r {
			if strings.HasPrefix(name, "odata.") || strings.HasPrefix(name, "Timestamp") {
				delete(r, name)
			}
		}
		line, err := json.Marshal(r)
		require.NoError(t, err)
		out = append(out, regexp.MustCompile(`"key":"[0-9]{10}-[0-9a-f]{32}"`).ReplaceAllString(string(line), `"key":"(hour)-(32 hex digits)"`))
	}
	slices.Sort(out)
	return out
}

// without returns the rows that are not among others.
func without(rows, others []string) []string {
	return slices.DeleteFunc(slices.Clone(rows), func(r string) bool { return slices.Contains(others, r) })
}
