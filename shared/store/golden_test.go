package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// goldenTenant is the tenant of the request in the golden file.
const goldenTenant = "11111111-1111-4111-8111-111111111111"

// told is a request of which every kind of row tells all that it can: a head, tasks that were found
// and packed, that found nothing and that a person ended, and events of each shape.
func told(t *testing.T, w *storetest.World) *store.Case {
	t.Helper()
	d := draftOf(goldenTenant, "golden", "entra", "intune", "paper")
	d.Request.Systems, d.Request.Origin, d.Request.Dest = []string{"entra", "intune", "paper"}, dsr.Origin{Bulk: "b", Line: 3}, "legal"
	for i := range d.Request.Tasks {
		switch task := &d.Request.Tasks[i]; task.ID {
		case "paper-access":
			task.State, task.Declared, task.Outcome = dsr.TaskWaiting, true, dsr.Outcome{Code: dsr.OutcomeManual, Reason: "By post.", Link: "https://example.com"}
		case dsr.PackageTask:
			*task = dsr.DeliveryTask()
		}
	}
	d.Request.Tasks = slices.DeleteFunc(d.Request.Tasks, func(t dsr.Task) bool { return t.ID == "paper-discover" })
	c := create(t, w.Store, d)
	proof := []dsr.Query{{Hash: "v1-aa", Permission: "User.Read.All", At: received, Records: 2}}
	commit := func(ch store.Change) {
		_, err := w.Store.CommitAndClaim(bg, c, ch)
		require.NoError(t, err)
	}

	commit(store.Change{Events: []dsr.Event{event(dsr.EventDiscoveryStarted)}})
	claim := func(id dsr.TaskID) store.Change {
		cl, err := w.Store.Claim(bg, c, id, uuid.NewString())
		require.NoError(t, err)
		return store.Change{Claim: cl}
	}
	found := claim("entra-discover")
	kept, err := c.KeepFindings(bg, "entra", "id", []dsr.Finding{{System: "entra", ID: canary, Kind: "user", Count: 1}})
	require.NoError(t, err)
	e := discovered("entra")
	e.Queries, e.Records, e.Findings = proof, 2, kept
	found.Events = []dsr.Event{e}
	commit(found)
	nothing := claim("intune-discover")
	one, none := ended("intune-discover", dsr.EventDiscovered, dsr.OutcomeNothingFound), event(dsr.EventTaskEnded)
	one.Queries = proof
	none.Ended = []dsr.EndedTasks{{Tasks: []dsr.TaskID{"intune-access"}, Outcome: dsr.Outcome{Code: dsr.OutcomeNothingFound, Reason: "Nobody of this name."}}}
	nothing.Events = []dsr.Event{one, none}
	commit(nothing)

	copied := claim("entra-access")
	part := func(n int) dsr.Part {
		return dsr.Part{Seq: n, ID: strings.Repeat("0", 31) + string(rune('0'+n)), Size: 1 << 20, ETag: `"0x8DD"`, Records: 1}
	}
	require.NoError(t, copied.Claim.Record(bg, part(1)))
	last := part(2)
	e = ended("entra-access", dsr.EventTaskEnded, dsr.OutcomePartial)
	e.Outcome.Reason, e.Outcome.Basis, e.Queries, e.Records = "No right to see devices.", "GDPR Art. 15(4)", proof, 2
	copied.Events, copied.Part = []dsr.Event{e}, &last
	commit(copied)
	for round := range 2 { // the second package takes the place of the first
		packed := claim(dsr.PackageTask)
		e = answered()
		e.Package.Place.Account, e.Package.Place.ETag = "https://contoso.blob.core.windows.net", fmt.Sprintf(`"0x%d"`, round)
		packed.Events = []dsr.Event{e}
		commit(packed)
		if round == 0 {
			commit(store.Change{Events: []dsr.Event{event(dsr.EventRetried)}, Packages: dsr.Place{Container: "packages"}})
		}
	}
	e = ended("paper-access", dsr.EventTaskEnded, dsr.OutcomeDone)
	e.By = "caller"
	commit(store.Change{Events: []dsr.Event{e}, Reason: pii.New("the folder of " + canary)})
	return load(t, w.Store, c.Tenant, c.ID)
}

// Rows of requests are read for ever: a change of this golden file needs a reader of both forms.
func TestStoredRequestsAreReadForEver(t *testing.T) {
	t.Parallel()
	const file = "testdata/request.jsonl"
	w := storetest.New(t)
	withinTheHour(w)
	now := told(t, w)
	i := importOf(w.Store, goldenTenant)
	_, _, err := w.Store.Imports.Create(bg, i)
	require.NoError(t, err)
	fresh := append(entities(t, w, "requests"), entities(t, w, "keys")...)
	if *update {
		require.NoError(t, os.WriteFile(file, append(bytes.Join(fresh, []byte("\n")), '\n'), 0o600))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	kept := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	require.Equal(t, shapes(t, kept), shapes(t, fresh), "rows are written as they are in the golden file")

	reader := storetest.New(t)
	for _, row := range kept {
		table := "requests"
		if bytes.Contains(row, []byte(`"PartitionKey":"`+goldenTenant+`|0"`)) || bytes.Contains(row, []byte(`|hours"`)) {
			table = "keys"
		}
		_, err := reader.Clients.Tables.NewClient(reader.Prefix+table).AddEntity(bg, row, nil)
		require.NoError(t, err)
	}
	was := load(t, reader.Store, goldenTenant, now.ID)
	requireTold(t, reader.Store, was)
	requireTold(t, w.Store, now)
	require.Equal(t, now.Origin, was.Origin)
	require.Equal(t, now.Systems, was.Systems)
	list, err := reader.Store.Imports.Load(bg, goldenTenant, i.ID)
	require.NoError(t, err)
	require.Equal(t, i.Reference, list.Reference)
	require.Equal(t, i.Wakes, list.Wakes)
	_, existing, err := reader.Store.Imports.Create(bg, i)
	require.NoError(t, err)
	require.True(t, existing, "its idempotency key is known")
}

// requireTold checks that a request tells what told has put into it.
func requireTold(t *testing.T, s *store.Store, c *store.Case) {
	t.Helper()
	require.Equal(t, dsr.StateCompleted, c.State)
	require.Equal(t, dsr.EndingGaps, c.Ending())
	require.Equal(t, "legal", c.Dest)
	require.Equal(t, dsr.PackageReady, c.Package.State)
	require.Equal(t, dsr.Place{Account: "https://contoso.blob.core.windows.net", Container: "packages", Name: "p.zip", ETag: `"0x1"`}, c.Package.Place)
	require.Equal(t, `"0x0"`, c.Former[0].Place.ETag)
	require.Equal(t, c.Former[0].Since.Add(retention.KeepFormer), c.Wakes[retention.WakeFormer])
	p, err := c.Private(bg)
	require.NoError(t, err)
	require.Equal(t, "note of canary", p.Note.Reveal())
	f, err := c.Findings(bg, "entra")
	require.NoError(t, err)
	require.Equal(t, canary, f[0].ID)
	access := c.Task("entra-access")
	require.Equal(t, dsr.OutcomePartial, access.Outcome.Code)
	require.Len(t, access.Parts, 2)
	require.Len(t, access.Queries, 1)
	require.Equal(t, dsr.OutcomeNothingFound, c.Task("intune-access").Outcome.Code)
	require.Equal(t, "caller", c.Task("paper-access").EndedBy)
	text, err := c.Unseal(bg, store.SealReason, c.Task("paper-access").Text)
	require.NoError(t, err)
	require.Equal(t, "the folder of "+canary, string(text))
	chained(t, s, c)
}

// entities returns the rows of a table without what the service adds to them.
func entities(t *testing.T, w *storetest.World, table string) [][]byte {
	t.Helper()
	var out [][]byte
	for _, b := range w.Rows(t, table) {
		var r map[string]any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		require.NoError(t, d.Decode(&r))
		for name := range r {
			if strings.HasPrefix(name, "odata.") || strings.HasPrefix(name, "Timestamp") {
				delete(r, name)
			}
		}
		line, err := json.Marshal(r)
		require.NoError(t, err)
		out = append(out, line)
	}
	return out
}

// hourKey matches the row key of the key of an hour.
var hourKey = regexp.MustCompile(`^h\|[0-9]{10}$`)

// shapes lists for each row its key, the names of its values and their types. Keys of cases are
// random.
func shapes(t *testing.T, rows [][]byte) []string {
	t.Helper()
	var out []string
	for _, b := range rows {
		var r map[string]any
		require.NoError(t, json.Unmarshal(b, &r))
		key := r["RowKey"].(string)
		if i := strings.IndexByte(key, '-'); i == 10 || hourKey.MatchString(key) {
			key = "key of a case or an hour"
		}
		var names []string
		for name, v := range r {
			if typ, ok := v.(string); ok && strings.HasSuffix(name, "@odata.type") {
				name += " " + typ
			}
			names = append(names, name)
		}
		slices.Sort(names)
		out = append(out, key+": "+strings.Join(names, " "))
	}
	slices.Sort(out)
	return out
}
