package part_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

func TestSinkWritesParts(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	f := parttest.People(3, 10, "x")
	s := b.Sink(b.Store, b.Spec)
	cursor, fresh, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.True(t, fresh)
	require.Nil(t, cursor)
	sum := parttest.Finish(t, s, f)
	require.EqualValues(t, 60, sum.Records)
	require.Len(t, sum.Queries, 2)
	require.EqualValues(t, 30, sum.Queries[0].Records)
	require.Equal(t, "Read.profile", sum.Queries[0].Permission)

	records, members := stored(t, b.Store, b.Spec, sum.Parts)
	require.Equal(t, f.IDs(t), parttest.IDs(t, records))
	require.Len(t, sum.Parts, 6)
	require.Nil(t, sum.Last, "everything is recorded")
	var names []string
	for _, m := range members {
		if m.Format == tenant.JSON {
			names = append(names, m.Path("access", "entra"))
		}
	}
	require.Equal(t, []string{
		"access/entra/profile-0001.json", "access/entra/profile-0002.json", "access/entra/profile-0003.json",
		"access/entra/sign-ins-0001.json", "access/entra/sign-ins-0002.json", "access/entra/sign-ins-0003.json",
	}, names)
	again, err := s.Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, sum, again, "close twice")

	resumed := b.Sink(b.Store, b.Spec)
	cursor, fresh, err = resumed.Resume(t.Context())
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, "7", string(cursor), "of the last stored part")
	require.Equal(t, sum, parttest.Finish(t, resumed, f), "nothing is read twice")
}

// Each run dies at another call to storage, and then every record changes. The resumed run, by
// another worker with a claim of its own, ends like one without a fault.
func TestSinkKilledAtEachCall(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	other := b.Another(t)
	before, after := parttest.People(3, 8, "before"), parttest.People(3, 8, "after")
	for calls := 0; ; calls++ {
		id := opened(t, other, fmt.Sprint("kill-", calls))
		spec := b.Spec
		spec.Request = id
		first, claim := claimed(t, b.Store, id)
		revive := b.Faults.KillAfter(calls)
		_, err := parttest.Attempt(t.Context(), b.Sink(b.Store, spec, with(first, claim)), before)
		revive()
		b.Clock.Advance(lease.Length + time.Second)
		second, claim := claimed(t, other, id)
		sum := parttest.Finish(t, b.Sink(other, spec, with(second, claim)), after)
		named := load(t, other, id).Task(spec.Task).Parts
		require.Equal(t, sum.Parts, named, "the row names what is stored")
		records, _ := stored(t, other, spec, named)
		require.Equal(t, after.IDs(t), parttest.IDs(t, records), "killed after %d calls", calls)
		require.EqualValues(t, 48, sum.Records, "killed after %d calls", calls)
		for _, q := range sum.Queries {
			require.EqualValues(t, 24, q.Records, "killed after %d calls", calls)
		}
		if err == nil {
			require.Greater(t, calls, 8)
			return
		}
		require.ErrorIs(t, err, storetest.ErrInjected)
	}
}

func TestLostAnswersLoseNoRecord(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	b.Faults.Add(storetest.Fault{Action: storetest.DoneButFailed, Times: 40, Match: func(c storetest.Call) bool { return c.Write() }})
	f := parttest.People(3, 10, "x")
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), f)
	require.EqualValues(t, 60, sum.Records)
	records, _ := stored(t, b.Store, b.Spec, sum.Parts)
	require.Equal(t, f.IDs(t), parttest.IDs(t, records))
}

func TestTwoSinksRace(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	f := parttest.People(8, 10, "x")
	a, z := b.Sink(b.Store, b.Spec), b.Sink(b.Another(t), b.Spec, func(o *part.Options) { o.PartSize = 900 })
	_, _, err := a.Resume(t.Context())
	require.NoError(t, err)
	parttest.Finish(t, z, f[:2])
	require.ErrorIs(t, func() error {
		if err := f.Export(t.Context(), nil, a); err != nil {
			return err
		}
		_, err := a.Close(t.Context())
		return err
	}(), part.ErrSuperseded)
	require.ErrorIs(t, a.Put(t.Context(), "profile", nil, []byte("1")), part.ErrSuperseded, "until it is resumed")

	var both sync.WaitGroup
	sums := make([]part.Summary, 2)
	for i, s := range []*part.Sink{a, z} {
		both.Go(func() { sums[i] = parttest.Finish(t, s, f) })
	}
	both.Wait()
	require.Equal(t, sums[0].Parts, sums[1].Parts)
	records, _ := stored(t, b.Store, b.Spec, sums[0].Parts)
	require.Equal(t, f.IDs(t), parttest.IDs(t, records))
	require.EqualValues(t, 160, sums[0].Records)
	require.EqualValues(t, 160, sums[1].Records)
}

func TestAPageOverTheCapIsSplit(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	b.PartSize = 0
	filler := strings.Repeat("x", 5<<20)
	var big, small []json.RawMessage
	for i := range 15 { // 75 MiB
		big = append(big, json.RawMessage(fmt.Sprintf(`{"id":"b%d","other":"%s"}`, i, filler)))
	}
	small = parttest.Raws(`{"id":"s1"}`, `{"id":"s2"}`)
	f := parttest.Feed{{Kind: "profile", Records: small}, {Kind: "profile", Records: big}, {Kind: "profile", Records: small}}
	plain := func(o *part.Options) { o.Formats = nil }

	// The worker dies when it stores the third part, so only some of the page is stored.
	disarm := b.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool { return strings.Contains(c.Path, "/000003-") }})
	_, err := parttest.Attempt(t.Context(), b.Sink(b.Store, b.Spec, plain), f)
	require.ErrorIs(t, err, storetest.ErrInjected)
	disarm()
	s := b.Sink(b.Store, b.Spec, plain)
	cursor, fresh, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, "1", string(cursor), "the page is read again")
	sum := parttest.Finish(t, s, f)
	require.EqualValues(t, 19, sum.Records)
	require.EqualValues(t, 19, sum.Queries[0].Records)

	var ids []string
	for _, m := range membersOf(t, b.Store, b.Spec, sum.Parts) {
		require.LessOrEqual(t, m.Bytes, int64(part.MaxSize))
		var all []json.RawMessage
		require.NoError(t, json.Unmarshal(contentOf(t, b.Store, m), &all))
		ids = append(ids, parttest.IDs(t, all)...)
	}
	require.Equal(t, f.IDs(t), ids)
}

func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	for name, tc := range map[string]struct {
		kind    string
		record  string
		next    string
		problem string
	}{
		"a record over the cap":          {"profile", `{"secret":"` + strings.Repeat("x", part.MaxSize) + `"}`, "1", fmt.Sprintf(`kind "profile" with %d bytes: more than the 32 MiB`, part.MaxSize+13)},
		"a record that is not JSON":      {"profile", `{"secret":}`, "1", "not valid JSON"},
		"a record that is not an object": {"profile", `["secret"]`, "1", "not a JSON object"},
		"a member twice":                 {"profile", `{"secret":1,"secret":2}`, "1", "not valid JSON"},
		"a kind not asked for":           {"mailbox", `{"secret":1}`, "1", "not asked for"},
		"a page without a cursor":        {"profile", `{"secret":1}`, "", "no cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := b.Sink(b.Store, b.Spec)
			_, _, err := s.Resume(t.Context())
			require.NoError(t, err)
			err = s.Put(t.Context(), tc.kind, parttest.Raws(tc.record), []byte(tc.next))
			var refused *part.RecordError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, tc.problem)
			require.NotContains(t, err.Error(), "secret")
			_, closing := s.Close(t.Context())
			require.Equal(t, err, closing)
		})
	}
	require.Error(t, b.Sink(b.Store, b.Spec).Put(t.Context(), "profile", nil, []byte("1")), "before Resume")
}

func TestExportSinkRefusesDerivedKinds(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	spec := b.Spec
	spec.Action = "export"
	s := b.Sink(b.Store, spec)
	_, _, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, s.Put(t.Context(), "risk", parttest.Raws(`{"id":"1"}`), []byte("1")), "not asked for")
}

func TestSinkStopsWhenItLosesTheTask(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	pages := 0
	b.Ledger(b.Spec).Lost = func() error {
		if pages++; pages > 2 {
			return store.ErrClaimed
		}
		return nil
	}
	s := b.Sink(b.Store, b.Spec)
	_, err := parttest.Attempt(t.Context(), s, parttest.People(5, 1, "x"))
	require.ErrorIs(t, err, store.ErrClaimed)
	require.Equal(t, 3, pages, "within one page")
}

// blobsOf returns all blobs among the parts of the bench's request.
func blobsOf(t testing.TB, b *parttest.Bench) (out []blob.Info) {
	t.Helper()
	for info, err := range b.Store.Blobs.List(t.Context(), blob.Ref{Container: retention.Parts, Name: parttest.TenantID + "/" + b.Case.ID + "/"}) {
		require.NoError(t, err)
		out = append(out, info)
	}
	return out
}

func TestCursorsOfAnyLengthAreSealed(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	s := b.Sink(b.Store, b.Spec)
	_, _, err := s.Resume(t.Context())
	require.NoError(t, err)
	// With the directory it is more than the tail that is read first.
	long := strings.Repeat("jane@contoso.example ", 8_000)
	for i := range 60 {
		s.Asked(connector.Asked{Query: pii.New(strings.Repeat("q", i)), Permission: "P", Records: 1})
	}
	require.NoError(t, s.Put(t.Context(), "profile", parttest.Raws(`{"id":"1"}`), []byte(long)))
	require.NoError(t, s.Save(t.Context()))
	sum, err := s.Close(t.Context())
	require.NoError(t, err)
	require.Len(t, sum.Queries, 60)
	blobs := blobsOf(t, b)
	require.Len(t, blobs, 1, "with JSON, CSV, XML and the cursor")

	again := b.Sink(b.Another(t), b.Spec)
	cursor, _, err := again.Resume(t.Context())
	require.NoError(t, err)
	require.Equal(t, long, string(cursor))
	second, err := again.Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, sum, second)
	body, info, err := b.Store.Blobs.Get(t.Context(), blob.Ref{Container: retention.Parts, Name: blobs[0].Name})
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(info.Meta), "jane")
	require.NotContains(t, string(body), "jane", "a cursor is sealed")
}

func TestDeletePartsLeavesNothing(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	r := &b.Case.Request
	task := r.Task(b.Spec.Task)
	task.Parts = parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(3, 10, "x")).Parts
	unnamed := b.Spec
	unnamed.Task = "entra-other"
	parttest.Finish(t, b.Sink(b.Store, unnamed), parttest.People(1, 1, "x"))
	other := b.Spec
	other.Round, other.Task = 1, "entra-export"
	parttest.Finish(t, b.Sink(b.Store, other), parttest.People(1, 1, "x"))
	named := len(task.Parts)
	all := len(blobsOf(t, b))
	require.NoError(t, part.Delete(t.Context(), b.Store, b.Case))
	require.Len(t, blobsOf(t, b), all-named)
	require.NoError(t, part.Delete(t.Context(), b.Store, b.Case), "twice")
	require.NoError(t, part.Sweep(t.Context(), b.Store, r))
	require.Len(t, blobsOf(t, b), 1, "a retry is under way")
	r.Round = 1
	require.NoError(t, part.Sweep(t.Context(), b.Store, r))
	require.Empty(t, blobsOf(t, b))
	require.NoError(t, part.Sweep(t.Context(), b.Store, r), "twice")
}

func TestDeletePartsTakesWhatIsNamed(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	b.Case.Task(b.Spec.Task).Parts = parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(3, 10, "x")).Parts
	b.Counter.Reset()
	require.NoError(t, part.Delete(t.Context(), b.Store, b.Case))
	require.Equal(t, 6, b.Counter.Total())
}

func TestOneFailureDoesNotStopTheOtherDeletions(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.People(3, 10, "x"))
	b.Case.Task(b.Spec.Task).Parts = sum.Parts
	defer b.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool {
		return (strings.Contains(c.Path, "/000002-") || strings.Contains(c.Path, "/000004-")) && c.Write()
	}})()
	err := part.Delete(t.Context(), b.Store, b.Case)
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrNotFound)
	require.Len(t, blobsOf(t, b), 2)
}

// membersOf reads what parts say of themselves.
func membersOf(t testing.TB, st *store.Store, spec part.Spec, parts []dsr.Part) (out []part.Member) {
	t.Helper()
	for i, p := range parts {
		require.Equal(t, i+1, p.Seq)
		members, err := part.Read(t.Context(), st, spec, p)
		require.NoError(t, err)
		out = append(out, members...)
	}
	return out
}

// stored reads all parts of a task. JSON, CSV and XML of a part must say the same.
func stored(t testing.TB, st *store.Store, spec part.Spec, parts []dsr.Part) (records []json.RawMessage, members []part.Member) {
	t.Helper()
	members = membersOf(t, st, spec, parts)
	for _, m := range members {
		if m.Format != tenant.JSON {
			continue
		}
		body := contentOf(t, st, m)
		var all []json.RawMessage
		require.NoError(t, json.Unmarshal(body, &all))
		require.EqualValues(t, len(all), m.Records)
		records = append(records, all...)
		kind, _ := parttest.Directory().Kind(m.Kind)
		forms := 0
		for _, f := range members {
			if f.Kind != m.Kind || f.Number != m.Number || f.Format == tenant.JSON {
				continue
			}
			forms++
			var want bytes.Buffer
			require.NoError(t, tabular.Write(f.Format, &want, spec.System, kind, bytes.NewReader(body)))
			require.Equal(t, want.String(), string(contentOf(t, st, f)), "%s %d as %s", m.Kind, m.Number, f.Format)
			require.Equal(t, m.Records, f.Records)
		}
		require.Equal(t, 2, forms)
	}
	return records, members
}

// opened stores a request with one open task, and returns its id.
func opened(t testing.TB, st *store.Store, key string) string {
	t.Helper()
	r := parttest.Asked(dsr.GDPR, dsr.Access)
	r.Tasks = []dsr.Task{{ID: "entra-access", System: "entra", Action: dsr.Access, State: dsr.TaskOpen}}
	return parttest.NewCase(t, st, key, r).ID
}

func load(t testing.TB, st *store.Store, id string) *store.Case {
	t.Helper()
	c, err := st.Load(t.Context(), parttest.TenantID, id)
	require.NoError(t, err)
	require.NoError(t, c.ReadAllTasks(t.Context()))
	return c
}

// claimed claims the task of a request as a worker does, and reads the key of its case.
func claimed(t testing.TB, st *store.Store, id string) (*store.Case, *lease.Claim) {
	t.Helper()
	c := load(t, st, id)
	cl, err := st.Claim(t.Context(), c, "entra-access", uuid.NewString())
	require.NoError(t, err)
	_, err = c.Seal(t.Context(), "warm", []byte("x"))
	require.NoError(t, err)
	return c, cl
}

// with makes a sink work under a claim.
func with(c *store.Case, cl *lease.Claim) func(*part.Options) {
	return func(o *part.Options) { o.Case, o.Claim = c, cl }
}

func contentOf(t testing.TB, st *store.Store, m part.Member) []byte {
	t.Helper()
	r, err := part.Open(t.Context(), st, m)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	require.EqualValues(t, len(body), m.Bytes)
	return body
}
