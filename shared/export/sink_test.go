package export

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func TestSinkWritesParts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := people(3, 10, "x")
	s := b.sink(b.Store, b.spec)
	cursor, fresh, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.True(t, fresh)
	require.Nil(t, cursor)
	sum := finish(t, s, f)
	require.EqualValues(t, 60, sum.Records)
	require.Len(t, sum.Queries, 2)
	require.EqualValues(t, 30, sum.Queries[0].Records)
	require.Equal(t, "Read.profile", sum.Queries[0].Permission)

	records, parts := stored(t, b.Store, b.spec)
	require.Equal(t, f.ids(t), idsOf(t, records))
	require.Len(t, parts, sum.Parts)
	var names []string
	for _, p := range parts {
		names = append(names, p.m.path("access", "entra"))
	}
	require.Equal(t, []string{
		"access/entra/profile-0001.json", "access/entra/profile-0002.json", "access/entra/profile-0003.json",
		"access/entra/sign-ins-0001.json", "access/entra/sign-ins-0002.json", "access/entra/sign-ins-0003.json",
	}, names)
	again, err := s.Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, sum, again, "close twice")

	resumed := b.sink(b.Store, b.spec)
	cursor, fresh, err = resumed.Resume(t.Context())
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, "7", string(cursor), "of the last stored part")
	require.Equal(t, sum, finish(t, resumed, f), "nothing is read twice")
}

// Each run dies at another call to storage, and meanwhile every record changes; the resumed run ends as one without a fault.
func TestSinkKilledAtEachCall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.Another(t)
	before, after := people(3, 8, "before"), people(3, 8, "after")
	for calls := 0; ; calls++ {
		spec := b.spec
		spec.Round = calls
		revive := b.Faults.KillAfter(calls)
		_, err := attempt(t.Context(), b.sink(b.Store, spec), before)
		revive()
		sum := finish(t, b.sink(other, spec), after)
		records, _ := stored(t, other, spec)
		require.Equal(t, after.ids(t), idsOf(t, records), "killed after %d calls", calls)
		require.EqualValues(t, 48, sum.Records, "killed after %d calls", calls)
		for _, q := range sum.Queries {
			require.EqualValues(t, 24, q.Records, "killed after %d calls", calls)
		}
		if err == nil {
			require.Greater(t, calls, 15)
			return
		}
		require.ErrorIs(t, err, storetest.ErrInjected)
	}
}

func TestAKillBetweenJSONAndCSV(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.size = 1 << 20
	defer b.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool { return strings.HasSuffix(c.Path, ".csv") }})()
	_, err := attempt(t.Context(), b.sink(b.Store, b.spec), people(1, 3, "before"))
	require.ErrorIs(t, err, storetest.ErrInjected)

	other := b.Another(t)
	finish(t, b.sink(other, b.spec), people(1, 3, "after"))
	records, parts := stored(t, other, b.spec)
	require.Len(t, parts, 2)
	require.Contains(t, string(records[0]), "=before")
	require.Contains(t, string(contentOf(t, other, parts[0].twin[CSV])), "'=before")
	require.Contains(t, string(records[3]), "=after")
	require.Contains(t, string(contentOf(t, other, parts[1].twin[CSV])), `""=after""`)
}

func TestAnswersThatGetLostAreNoLoss(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Faults.Add(storetest.Fault{Action: storetest.DoneButFailed, Times: 40, Match: func(c storetest.Call) bool { return c.Write() }})
	f := people(3, 10, "x")
	sum := finish(t, b.sink(b.Store, b.spec), f)
	require.EqualValues(t, 60, sum.Records)
	records, _ := stored(t, b.Store, b.spec)
	require.Equal(t, f.ids(t), idsOf(t, records))
}

func TestTwoSinksRace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := people(8, 10, "x")
	a, z := b.sink(b.Store, b.spec), b.sink(b.Another(t), b.spec, func(o *SinkOptions) { o.PartSize = 900 })
	_, _, err := a.Resume(t.Context())
	require.NoError(t, err)
	finish(t, z, f[:2])
	require.ErrorIs(t, func() error {
		if err := f.export(t.Context(), nil, a); err != nil {
			return err
		}
		_, err := a.Close(t.Context())
		return err
	}(), ErrSuperseded)
	require.ErrorIs(t, a.Put(t.Context(), "profile", nil, []byte("1")), ErrSuperseded, "until it is resumed")

	var both sync.WaitGroup
	sums := make([]Summary, 2)
	for i, s := range []*Sink{a, z} {
		both.Go(func() { sums[i] = finish(t, s, f) })
	}
	both.Wait()
	records, _ := stored(t, b.Store, b.spec)
	require.Equal(t, f.ids(t), idsOf(t, records))
	require.EqualValues(t, 160, sums[0].Records)
	require.EqualValues(t, 160, sums[1].Records)
}

func TestAPageOverTheCapIsSplit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.size = 0
	filler := strings.Repeat("x", 5<<20)
	var big, small []json.RawMessage
	for i := range 15 { // 75 MiB
		big = append(big, json.RawMessage(fmt.Sprintf(`{"id":"b%d","other":"%s"}`, i, filler)))
	}
	small = raws(`{"id":"s1"}`, `{"id":"s2"}`)
	f := feed{{"profile", small}, {"profile", big}, {"profile", small}}
	plain := func(o *SinkOptions) { o.Formats = nil }

	// The worker dies when it stores the third part: the page is stored in part.
	disarm := b.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool { return strings.HasSuffix(c.Path, "000003.json") }})
	_, err := attempt(t.Context(), b.sink(b.Store, b.spec, plain), f)
	require.ErrorIs(t, err, storetest.ErrInjected)
	disarm()
	s := b.sink(b.Store, b.spec, plain)
	cursor, fresh, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, "1", string(cursor), "the page is read again")
	sum := finish(t, s, f)
	require.EqualValues(t, 19, sum.Records)
	require.EqualValues(t, 19, sum.Queries[0].Records)

	parts, err := listParts(t.Context(), b.Store, b.spec)
	require.NoError(t, err)
	var ids []string
	for _, p := range parts {
		require.LessOrEqual(t, p.m.Bytes, int64(MaxPartSize))
		var all []json.RawMessage
		require.NoError(t, json.Unmarshal(contentOf(t, b.Store, p.m), &all))
		ids = append(ids, idsOf(t, all)...)
	}
	require.Equal(t, f.ids(t), ids)
}

func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, tc := range map[string]struct {
		kind    string
		record  string
		next    string
		problem string
	}{
		"a record over the cap":      {"profile", `{"secret":"` + strings.Repeat("x", MaxPartSize) + `"}`, "1", fmt.Sprintf(`kind "profile" with %d bytes: more than the 32 MiB`, MaxPartSize+13)},
		"a record that is no JSON":   {"profile", `{"secret":}`, "1", "not valid JSON"},
		"a record that is no object": {"profile", `["secret"]`, "1", "not a JSON object"},
		"a member twice":             {"profile", `{"secret":1,"secret":2}`, "1", "not valid JSON"},
		"a kind not asked for":       {"mailbox", `{"secret":1}`, "1", "not asked for"},
		"a page without a cursor":    {"profile", `{"secret":1}`, "", "no cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := b.sink(b.Store, b.spec)
			_, _, err := s.Resume(t.Context())
			require.NoError(t, err)
			err = s.Put(t.Context(), tc.kind, raws(tc.record), []byte(tc.next))
			var refused *RecordError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, tc.problem)
			require.NotContains(t, err.Error(), "secret")
			_, closing := s.Close(t.Context())
			require.Equal(t, err, closing)
		})
	}
	require.Error(t, b.sink(b.Store, b.spec).Put(t.Context(), "profile", nil, []byte("1")), "before Resume")
}

func TestExportSinkRefusesDerivedKinds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	spec := b.spec
	spec.Action = "export"
	s := b.sink(b.Store, spec)
	_, _, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, s.Put(t.Context(), "risk", raws(`{"id":"1"}`), []byte("1")), "not asked for")
}

func TestSinkStopsWhenTheTaskIsNotOursAnyMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pages := 0
	s := b.sink(b.Store, b.spec, func(o *SinkOptions) {
		o.Check = func(context.Context) error {
			if pages++; pages > 2 {
				return store.ErrClaimed
			}
			return nil
		}
	})
	_, err := attempt(t.Context(), s, people(5, 1, "x"))
	require.ErrorIs(t, err, store.ErrClaimed)
	require.Equal(t, 3, pages, "within one page")
}

// blobsOf are all blobs among the parts of the bench's request.
func blobsOf(t testing.TB, b *bench) (out []store.BlobInfo) {
	t.Helper()
	for info, err := range b.Store.ListBlobs(t.Context(), store.Ref{Container: store.Parts, Name: tenantID + "/" + b.c.ID + "/"}) {
		require.NoError(t, err)
		out = append(out, info)
	}
	return out
}

func TestLongCursorsHaveABlobOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.sink(b.Store, b.spec)
	_, _, err := s.Resume(t.Context())
	require.NoError(t, err)
	long := strings.Repeat("jane@contoso.example ", 500)
	for i := range 60 {
		s.Asked(connector.Asked{Query: pii.New(strings.Repeat("q", i)), Permission: "P", Records: 1})
	}
	require.NoError(t, s.Put(t.Context(), "profile", raws(`{"id":"1"}`), []byte(long)))
	sum, err := s.Close(t.Context())
	require.NoError(t, err)
	require.Len(t, sum.Queries, 60)
	blobs := blobsOf(t, b)
	require.Len(t, blobs, 4, "JSON, CSV, XML and the cursor")

	again := b.sink(b.Another(t), b.spec)
	cursor, _, err := again.Resume(t.Context())
	require.NoError(t, err)
	require.Equal(t, long, string(cursor))
	second, err := again.Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, sum, second)
	for _, blob := range blobs {
		body, info, err := b.Store.GetBlob(t.Context(), store.Ref{Container: store.Parts, Name: blob.Name})
		require.NoError(t, err)
		if !strings.HasSuffix(blob.Name, ".cursor") {
			require.NotContains(t, fmt.Sprint(info.Meta), "jane")
			continue
		}
		require.NotContains(t, string(body), "jane", "a cursor is sealed")
	}
}

func TestDeletePartsLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	finish(t, b.sink(b.Store, b.spec), people(3, 10, "x"))
	other := b.spec
	other.Round, other.Task = 1, "entra-export"
	finish(t, b.sink(b.Store, other), people(1, 1, "x"))
	require.NoError(t, DeleteParts(t.Context(), b.Store, tenantID, b.c.ID, 0))
	left := blobsOf(t, b)
	require.Len(t, left, 6, "a retry is under way: two kinds, three forms")
	require.NoError(t, DeleteParts(t.Context(), b.Store, tenantID, b.c.ID, 1))
	left = blobsOf(t, b)
	require.Empty(t, left)
	require.NoError(t, DeleteParts(t.Context(), b.Store, tenantID, b.c.ID, 1), "twice")

	finish(t, b.sink(b.Store, b.spec), people(1, 1, "x"))
	defer b.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: func(c storetest.Call) bool { return strings.HasSuffix(c.Path, ".xml") && c.Write() }})()
	err := DeleteParts(t.Context(), b.Store, tenantID, b.c.ID, b.c.Round)
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrNotFound)
	require.Len(t, blobsOf(t, b), 2, "one failure does not stop the others")
}
