package part_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// What a slow system has handed over is kept, although it is far from a whole part.
func TestAPartEndsAfterAMinute(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	b.PartSize = 0
	s := b.Sink(b.Store, b.Spec)
	_, _, err := s.Resume(t.Context())
	require.NoError(t, err)
	put := func(id int) {
		require.NoError(t, s.Put(t.Context(), "profile", parttest.Raws(fmt.Sprintf(`{"id":"%d"}`, id)), fmt.Append(nil, id)))
	}
	put(1)
	b.Clock.Advance(59 * time.Second)
	put(2)
	require.Empty(t, b.Ledger(b.Spec).Parts())
	b.Clock.Advance(time.Second)
	put(3)
	put(4)
	sum, err := s.Close(t.Context())
	require.NoError(t, err)
	require.Len(t, sum.Parts, 2)
	require.EqualValues(t, 3, sum.Parts[0].Records)
	require.Equal(t, sum.Parts[:1], b.Ledger(b.Spec).Parts(), "the last one is left to the end of the task")

	again := b.Sink(b.Another(t), b.Spec)
	cursor, _, err := again.Resume(t.Context())
	require.NoError(t, err)
	require.Equal(t, "3", string(cursor), "a part that was not recorded does not count")
}

// Records that cannot be compressed fill a part by its packed bytes.
func TestAPartEndsByItsPackedBytes(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	b.PartSize = 0
	var f parttest.Feed
	for i := range 14 {
		f = append(f, parttest.Page{Kind: "profile", Records: []json.RawMessage{noise(t, i, 1<<20)}})
	}
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), f) // with two tabular forms
	require.Len(t, sum.Parts, 3, "14 MiB, three times")
	for _, p := range sum.Parts {
		require.Less(t, p.Size, int64(24<<20))
	}
}

// noise is a record that holds n random bytes.
func noise(t testing.TB, id, n int) json.RawMessage {
	t.Helper()
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return json.RawMessage(fmt.Sprintf(`{"id":"%d","other":"%s"}`, id, base64.StdEncoding.EncodeToString(raw)))
}

// Kinds share a part, also when their pages alternate.
func TestKindsShareAPart(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	b.PartSize = 0
	one, two := parttest.Raws(`{"id":"1"}`), parttest.Raws(`{"id":"2"}`)
	sum := parttest.Finish(t, b.Sink(b.Store, b.Spec), parttest.Feed{{Kind: "profile", Records: one}, {Kind: "sign-ins", Records: one}, {Kind: "profile", Records: two}})
	require.Len(t, sum.Parts, 1)
	_, members := stored(t, b.Store, b.Spec, sum.Parts)
	var names []string
	for _, m := range members {
		if m.Format == tenant.JSON {
			names = append(names, m.Path("access", "entra"))
		}
	}
	require.Equal(t, []string{"access/entra/profile-0001.json", "access/entra/sign-ins-0001.json", "access/entra/profile-0002.json"}, names)
}

// The blob of a part is created by one call. Whatever becomes of that call, the worker that goes on
// stores every record once, and what no row names is deleted by the second look.
func TestAFaultWhileAPartIsStored(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	other := b.Another(t)
	f := parttest.People(2, 5, "x")
	for name, fault := range map[string]storetest.Fault{
		"lost once":              {Action: storetest.Lost, Times: 1},
		"lost every time":        {Action: storetest.Lost},
		"done but failed once":   {Action: storetest.DoneButFailed, Times: 1},
		"done but always failed": {Action: storetest.DoneButFailed},
		"late":                   {Action: storetest.Late},
	} {
		t.Run(name, func(t *testing.T) {
			id := opened(t, other, name)
			spec := b.Spec
			spec.Request = id
			c, cl := claimed(t, b.Store, id)
			fault.Match = func(c storetest.Call) bool { return c.Is("blob", "parts") && c.Write() }
			met := b.Faults.Met()
			disarm := b.Faults.Add(fault)
			_, err := parttest.Attempt(t.Context(), b.Sink(b.Store, spec, with(c, cl)), f)
			disarm()
			require.Greater(t, b.Faults.Met(), met)
			if fault.Times == 1 || fault.Action == storetest.DoneButFailed {
				require.NoError(t, err)
			}
			require.NoError(t, cl.Release(t.Context()))
			c, cl = claimed(t, other, id)
			sum := parttest.Finish(t, b.Sink(other, spec, with(c, cl)), f)
			b.Faults.Arrive(t)
			c = load(t, other, id)
			require.Equal(t, sum.Parts, c.Task(spec.Task).Parts)
			records, _ := stored(t, other, spec, sum.Parts)
			require.Equal(t, f.IDs(t), parttest.IDs(t, records))
			require.NoError(t, part.Delete(t.Context(), other, c))
			for _, p := range sum.Parts {
				gone, err := other.Blobs.Gone(t.Context(), spec.Ref(p))
				require.NoError(t, err)
				require.True(t, gone)
			}
			require.NoError(t, part.Sweep(t.Context(), other, &c.Request))
			for info, err := range other.Blobs.List(t.Context(), blob.Ref{Container: retention.Parts, Name: parttest.TenantID + "/" + id}) {
				require.NoError(t, err)
				require.Empty(t, info.Name)
			}
		})
	}
}

// A part that the row names and that is not there is an error, and not the beginning of a new task.
func TestAPartThatIsGoneIsNotReadAnew(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	s := b.Sink(b.Store, b.Spec, func(o *part.Options) { o.Claim = full{b.Ledger(b.Spec)} })
	_, _, err := s.Resume(t.Context())
	require.ErrorIs(t, err, part.ErrMissing, "the last one is only named")
	_, err = s.Close(t.Context())
	require.ErrorIs(t, err, part.ErrMissing)
}

// full is the hold on a task that names parts which are not stored.
type full struct{ part.Claim }

// Parts implements part.Claim.
func (full) Parts() []dsr.Part { return []dsr.Part{{Seq: 1, ID: "gone", Size: 100, ETag: `"0x1"`}} }

// Kinds of one page each, up to the person with sixty of them: one blob, by one call.
func TestOnePartForEveryKindOfAPerson(t *testing.T) {
	t.Parallel()
	for _, kinds := range []int{1, 34, 60} {
		b := parttest.NewBench(t)
		d := manyKinds(kinds)
		var names []string
		var f parttest.Feed
		for _, k := range d.Kinds {
			names = append(names, k.Name)
			f = append(f, parttest.Page{Kind: k.Name, Records: parttest.Raws(`{"id":"1","displayName":"Jane"}`, `{"id":"2"}`)})
		}
		s := b.Sink(b.Store, b.Spec, func(o *part.Options) {
			o.PartSize, o.Descriptor, o.Kinds, o.Formats = 0, d, names, tenant.Tabular()
		})
		_, _, err := s.Resume(t.Context())
		require.NoError(t, err)
		b.Counter.Reset()
		require.NoError(t, f.Export(t.Context(), nil, s))
		sum, err := s.Close(t.Context())
		require.NoError(t, err)
		require.Len(t, sum.Parts, 1)
		require.Equal(t, 1, b.Counter.Total())
		t.Logf("%2d kinds in 4 forms: %d call, %d bytes", kinds, b.Counter.Total(), sum.Parts[0].Size)

		b.Counter.Reset()
		members, err := part.Read(t.Context(), b.Store, b.Spec, sum.Parts[0])
		require.NoError(t, err)
		require.Len(t, members, 4*kinds)
		require.Equal(t, 1, b.Counter.Total(), "the directory is in the tail")
	}
}

func manyKinds(n int) connector.Descriptor {
	d := connector.Descriptor{System: "entra", Title: "Microsoft Entra ID"}
	for i := range n {
		k := parttest.Columns("id", "displayName")
		k.Name, k.Category, k.Provenance = fmt.Sprintf("kind-%02d", i+1), dsr.CustomerData, dsr.Provided
		d.Kinds = append(d.Kinds, k)
	}
	return d
}
