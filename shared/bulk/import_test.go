package bulk

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

func person(email, key string) string {
	if key != "" {
		key = fmt.Sprintf(`"idempotencyKey":%q,`, key)
	}
	return fmt.Sprintf(`{%s"actions":["export"],"regime":"gdpr","subject":{"email":%q}}`, key, email)
}

// mixed returns a list with every kind of line, and what each line becomes.
func mixed() (text string, want []list.Result) {
	lines := []struct {
		text string
		want list.Result
	}{
		{person("a@c.example", ""), list.Result{Status: list.Accepted}},
		{person("b@c.example", "k1"), list.Result{Status: list.Accepted}},
		{`{"actions":["export"],"regime":"gdpr","subject":{}}`, list.Result{Status: list.Rejected, Code: problem.NoIdentifier, Pointer: "/subject"}},
		{"", list.Result{}},
		{person("b@c.example", "k1"), list.Result{Status: list.Duplicate}},
		{person("other@c.example", "k1"), list.Result{Status: list.Rejected, Code: problem.IdempotencyConflict, Pointer: "/idempotencyKey"}},
		{"canary", list.Result{Status: list.Rejected, Code: problem.InvalidJSON}},
		{person("c@c.example", ""), list.Result{Status: list.Accepted}},
		{person("d@c.example", "k2"), list.Result{Status: list.Accepted}},
		{person("d@c.example", "k2"), list.Result{Status: list.Duplicate}},
		{person("e@c.example", "k2"), list.Result{Status: list.Rejected, Code: problem.IdempotencyConflict, Pointer: "/idempotencyKey"}},
		{person("a@c.example", ""), list.Result{Status: list.Duplicate}},
	}
	for i, l := range lines {
		text += l.text + "\n"
		if l.text != "" {
			l.want.Line = int64(i + 1)
			want = append(want, l.want)
		}
	}
	return text, want
}

// plain leaves out what differs from run to run.
func plain(in []list.Result) []list.Result {
	out := make([]list.Result, len(in))
	for i, r := range in {
		r.ID, r.Detail = "", ""
		out[i] = r
	}
	return out
}

func TestAnImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	text, want := mixed()
	b := w.receive(s, tenant, "r-1", list.JSONLines, text)
	require.Equal(t, imports.Received, b.State)
	require.NotZero(t, b.Wakes[retention.WakeBulk])
	b = w.end(s, tenant, b.ID)

	require.Equal(t, imports.Completed, b.State)
	got := w.results(s, b)
	require.Empty(t, cmp.Diff(want, plain(got)))
	require.Equal(t, []int64{11, 4, 3, 4}, []int64{b.Lines, b.Accepted, b.Duplicate, b.Rejected})
	require.Equal(t, 4, w.requests(tenant))
	for _, r := range got {
		if r.Status != list.Accepted {
			continue
		}
		c, err := w.st.Load(t.Context(), tenant, r.ID)
		require.NoError(t, err)
		require.Equal(t, dsr.Origin{Bulk: b.ID, Line: r.Line}, c.Origin)
	}
	require.Equal(t, got[1].ID, got[3].ID, "a duplicate names the request that was there before")
	require.Equal(t, int64(11), w.counts[countLines])
	for k, days := range map[retention.WakeKind]int{retention.WakeBulkInput: 7, retention.WakeBulkResult: 30} {
		require.WithinDuration(t, b.EndedAt.AddDate(0, 0, days), b.Wakes[k], time.Second)
	}
	require.Zero(t, b.Wakes[retention.WakeBulk])
	require.NotContains(t, w.logged(), "c.example")
	require.NotContains(t, w.logged(), "canary")

	require.NoError(t, s.Import(t.Context(), tenant, b.ID), "a message for an import that is over")
	require.NoError(t, s.Import(t.Context(), tenant, tenant), "a message for an unknown import")
	require.Equal(t, []string{"unknown-bulk"}, w.ignored)
}

func TestTheSameListTwiceMakesNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	csv := "idempotencyKey,email,actions,regime\nk1,a@c.example,export,gdpr\nk2,b@c.example,export,gdpr\n"
	first := w.end(s, tenant, w.receive(s, tenant, "r-1", list.CSV, csv).ID)
	again, existing, err := s.Receive(t.Context(), Upload{Tenant: tenant, Reference: "r-1", Format: list.CSV, Body: strings.NewReader(csv)})
	require.NoError(t, err)
	require.True(t, existing)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, imports.Completed, again.State)
	require.Len(t, w.blobs(retention.BulkInputs, tenant), 1, "the second upload is not kept")

	_, _, err = s.Receive(t.Context(), Upload{Tenant: tenant, Reference: "r-1", Format: list.CSV, Body: strings.NewReader(csv + "k3,c@c.example,export,gdpr\n")})
	require.True(t, problem.Is(err, problem.ReferenceTaken), err)
	require.Len(t, w.blobs(retention.BulkInputs, tenant), 1)

	up := Upload{Caller: auth.Caller{ID: "a", Name: "a"}, Tenant: tenant, Reference: "r-1", Key: "canary", Format: list.CSV}
	for i, c := range []struct {
		caller, ref, text string
		code              problem.Code
	}{
		{"a", "r-1", csv + "\n", problem.ReferenceTaken}, // binds nothing
		{"a", "r-1", csv, ""},
		{"a", "r-1", csv, ""},
		{"a", "r-1", csv + "\n", problem.IdempotencyConflict},
		{"a", "r-9", csv, problem.IdempotencyConflict},
		{"b", "r-1", csv + "\n", problem.ReferenceTaken}, // another caller's key is another key
	} {
		up.Caller = auth.Caller{ID: c.caller, Name: c.caller}
		up.Reference, up.Body = c.ref, strings.NewReader(c.text)
		_, existing, err := s.Receive(t.Context(), up)
		if c.code == "" {
			require.NoError(t, err, i)
			require.True(t, existing, i)
			continue
		}
		require.True(t, problem.Is(err, c.code), "%d: %v", i, err)
	}
	require.Len(t, w.blobs(retention.BulkInputs, tenant), 1, "what was refused is not kept")

	second := w.end(s, tenant, w.receive(s, tenant, "r-2", list.CSV, csv).ID)
	require.Equal(t, []list.Status{list.Duplicate, list.Duplicate}, []list.Status{w.results(s, second)[0].Status, w.results(s, second)[1].Status})
	require.Equal(t, 2, w.requests(tenant))

	found, err := s.ByReference(t.Context(), tenant, "r-2")
	require.NoError(t, err)
	require.Equal(t, second.ID, found.ID)
	_, err = s.ByReference(t.Context(), tenant, "r-3")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestAListThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	for name, tc := range map[string]struct {
		format, text string
		code         problem.Code
	}{
		"unknown-column": {list.CSV, "email,shoe size\na@c.example,44\n", problem.UnknownColumn},
		"no-header":      {list.CSV, "", problem.InvalidCSV},
		"utf-16":         {list.JSONLines, "\xff\xfe{\x00}\x00", problem.WrongEncoding},
	} {
		b := w.end(s, tenant, w.receive(s, tenant, name, tc.format, tc.text).ID)
		require.Equal(t, imports.Failed, b.State, name)
		require.Equal(t, string(tc.code), b.Failure, name)
		require.NotZero(t, b.Wakes[retention.WakeBulkInput], name)
		got := w.results(s, b)
		require.Len(t, got, 1, name)
		require.Equal(t, tc.code, got[0].Code, name)
	}
	b := w.end(s, tenant, w.receive(s, tenant, "empty", list.JSONLines, "\n\n").ID)
	require.Equal(t, imports.Completed, b.State)
	require.Empty(t, w.results(s, b))
}

func TestALongImportHandsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	s := w.service(w.st, tenant)
	s.bound = time.Nanosecond
	text, want := mixed()
	b := w.receive(s, tenant, "r-1", list.JSONLines, text)
	before, err := w.st.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.NoError(t, s.Import(t.Context(), tenant, b.ID))
	b, err = w.st.Imports.Load(t.Context(), tenant, b.ID)
	require.NoError(t, err)
	require.Equal(t, imports.Importing, b.State)
	require.Equal(t, int64(3), b.Lines)
	after, err := w.st.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.Equal(t, before+2, after, "one for the shard, one for the import itself")
	_, _, err = s.Results(t.Context(), b)
	require.True(t, problem.Is(err, problem.NoResult))
	b = w.end(s, tenant, b.ID)
	require.Empty(t, cmp.Diff(want, plain(w.results(s, b))))
}

func TestTooManyLines(t *testing.T) {
	t.Parallel()
	r := &invocation{Service: &Service{lines: 50_000, clocks: clock.Clocks{Wall: time.Now}}}
	text := strings.Repeat("\"\xff\"\n", maxLines+7)
	opened, err := list.Open(list.JSONLines, func(int64) (io.Reader, error) { return strings.NewReader(text), nil }, list.Position{})
	require.NoError(t, err)
	src := &source{Reader: opened}
	var got []list.Result
	c := &chunk{}
	for !c.last {
		c, err = r.read(src, c.lines)
		require.NoError(t, err)
		for _, e := range c.entries {
			got = append(got, *e.result)
		}
	}
	require.Len(t, got, maxLines+1)
	require.Equal(t, problem.InvalidUTF8, got[maxLines-1].Code)
	require.Equal(t, problem.TooManyLines, got[maxLines].Code)
}

// A kill makes every storage call from the n-th on fail. Wherever it falls, the resumed
// import gives the same result and makes no request twice.
func TestAKilledImportResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text, want := mixed()
	for _, done := range []bool{false, true} {
		for n := int64(1); ; n++ {
			tenant := newTenant()
			s := w.service(w.st, tenant)
			b := w.receive(s, tenant, "r-1", list.JSONLines, text)
			wire := newWire(n, done)
			broken, _ := w.open(wire, false)
			err := w.service(broken, tenant).Import(t.Context(), tenant, b.ID)
			if err == nil && wire.left.Load() > 0 {
				require.Greater(t, n, int64(10), "the kills have reached every call of the import")
				break
			}
			w.later()
			b = w.end(s, tenant, b.ID)
			got := w.results(s, b)
			require.Empty(t, cmp.Diff(want, plain(got)), "killed at call %d, done %v", n, done)
			require.Equal(t, []int64{11, 4, 3, 4}, []int64{b.Lines, b.Accepted, b.Duplicate, b.Rejected})
			require.Equal(t, 4, w.requests(tenant), "killed at call %d", n)
			require.NotZero(t, b.Wakes[retention.WakeBulkResult])
		}
	}
}

func TestStorageCallsOfALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenant := newTenant()
	wire := newWire(-1, false)
	st, _ := w.open(wire, true)
	s := w.service(st, tenant)
	s.lines = chunkLines
	var text strings.Builder
	const n = 1000
	for i := range n {
		text.WriteString(person(fmt.Sprintf("p%d@c.example", i), "") + "\n")
	}
	b := w.receive(s, tenant, "r-1", list.JSONLines, text.String())
	began := wire.calls.Load()
	b = w.end(s, tenant, b.ID)
	calls := float64(wire.calls.Load()-began) / n
	t.Logf("%.3f storage calls for each accepted line", calls)
	require.Equal(t, int64(n), b.Accepted)
	require.LessOrEqual(t, calls, 1.5)
}

// The columns of a CSV and the members of a submission are listed in two packages and must be
// the same.
func TestEveryColumnIsAMemberOfASubmission(t *testing.T) {
	t.Parallel()
	tenant := newTenant()
	w := newWorld(t)
	i := w.takeIn(w.st, tenant)
	cells := map[string]string{
		"idempotencyKey": "k", "actions": "export", "regime": "gdpr", "receivedAt": "2026-01-01T00:00:00Z", "reference": "r",
		"systems": "entra", "destination": "", "note": "n", "objectId": "0e5f1c7a-2b3d-4e5f-8a9b-0c1d2e3f4a5b",
		"userPrincipalName": "a@c.example", "email": "a@c.example", "phone": "+4930123456", "employeeId": "7", "name": "A",
		"identifiers": "email=b@c.example", "relationship": "customer", "residence": "DE",
	}
	var values []string
	for _, column := range list.Columns() {
		require.Contains(t, cells, column)
		values = append(values, cells[column])
	}
	text := strings.Join(list.Columns(), ",") + "\n" + strings.Join(values, ",") + "\n"
	lines, err := list.Open(list.CSV, func(int64) (io.Reader, error) { return strings.NewReader(text), nil }, list.Position{})
	require.NoError(t, err)
	l, err := lines.Next()
	require.NoError(t, err)
	require.Nil(t, l.Fault)
	_, _, err = i.DecodeItem("tester", tenant, l.Item, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
}
