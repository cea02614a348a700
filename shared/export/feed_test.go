package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// feed plays a connector: pages in a fixed order, the cursor is the number of the next one.
type feed []feedPage

type feedPage struct {
	kind    string
	records []json.RawMessage
}

func (f feed) export(ctx context.Context, from []byte, sink connector.Sink) error {
	start := 0
	if from != nil {
		start, _ = strconv.Atoi(string(from))
	}
	for i := start; i < len(f); i++ {
		sink.Asked(connector.Asked{Kind: f[i].kind, Query: pii.New("the " + f[i].kind + " of jane"), Permission: "Read." + f[i].kind, Records: int64(len(f[i].records))})
		if err := sink.Put(ctx, f[i].kind, f[i].records, []byte(strconv.Itoa(i+1))); err != nil {
			return err
		}
	}
	return nil
}

// people are pages with so many records each, of both kinds and an empty page between.
func people(pages, perPage int, mark string) feed {
	var f feed
	for _, kind := range []string{"profile", "sign-ins"} {
		for p := range pages {
			var records []json.RawMessage
			for i := range perPage {
				records = append(records, json.RawMessage(fmt.Sprintf(`{"id":"%s-%d-%d","displayName":"=%s","n":%d}`, kind, p, i, mark, i)))
			}
			f = append(f, feedPage{kind, records})
		}
		f = append(f, feedPage{kind, nil})
	}
	return f
}

// ids are the ids of the records that a feed hands over.
func (f feed) ids(t testing.TB) (out []string) {
	t.Helper()
	for _, p := range f {
		for _, r := range p.records {
			out = append(out, idOf(t, r))
		}
	}
	return out
}

func idOf(t testing.TB, r []byte) string {
	t.Helper()
	var v struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal(r, &v))
	return v.ID
}

// newCase stores a request with ended tasks.
func newCase(t testing.TB, st *store.Store, key string, r *dsr.Request) *store.Case {
	t.Helper()
	d := store.Draft{Request: *r, Private: private(), Key: key, Body: "b", By: "test"}
	d.Request.ID, d.Request.Seq, d.Request.State, d.Request.Caller = "", 0, dsr.None, "test"
	created, err := st.Create(t.Context(), d)
	require.NoError(t, err)
	c, err := st.Load(t.Context(), tenantID, created.Request.ID)
	require.NoError(t, err)
	return c
}

// bench is one task whose parts are written again and again.
type bench struct {
	*storetest.World
	c    *store.Case
	spec PartSpec
	size int
}

func newBench(t testing.TB) *bench {
	t.Helper()
	w := storetest.New(t)
	c := newCase(t, w.Store, "bench", asked(dsr.GDPR, dsr.Access))
	b := &bench{World: w, c: c, size: 400}
	b.spec = PartSpec{Tenant: tenantID, Request: c.ID, Task: "entra-access", System: "entra", Action: dsr.Access}
	_, err := c.Seal(t.Context(), "warm", []byte("x")) // reads the key, so that a count of calls is one of parts
	require.NoError(t, err)
	return b
}

func (b *bench) sink(st *store.Store, spec PartSpec, change ...func(*SinkOptions)) *Sink {
	o := SinkOptions{
		Store: st, Case: b.c, Spec: spec, Descriptor: directory(), Kinds: directory().KindsFor(spec.Action), Formats: []Format{CSV, XML},
		Hash: fakeHash, Now: b.Clock.Now, PartSize: b.size,
	}
	for _, f := range change {
		f(&o)
	}
	return NewSink(o)
}

// finish resumes and exports until the task is done.
func finish(t testing.TB, s *Sink, f feed) Summary {
	t.Helper()
	for range 100 {
		sum, err := attempt(t.Context(), s, f)
		if errors.Is(err, ErrSuperseded) {
			continue
		}
		require.NoError(t, err)
		return sum
	}
	t.Fatal("superseded a hundred times")
	return Summary{}
}

func attempt(ctx context.Context, s *Sink, f feed) (Summary, error) {
	from, _, err := s.Resume(ctx)
	if err != nil {
		return Summary{}, err
	}
	err = f.export(ctx, from, s)
	sum, closing := s.Close(ctx)
	if err == nil {
		err = closing
	}
	return sum, err
}

// stored reads all parts of a task; JSON, CSV and XML of a part must say the same.
func stored(t testing.TB, st *store.Store, spec PartSpec) (records []json.RawMessage, parts []storedPart) {
	t.Helper()
	parts, err := listParts(t.Context(), st, spec)
	require.NoError(t, err)
	for _, p := range parts {
		body := contentOf(t, st, p.m)
		var all []json.RawMessage
		require.NoError(t, json.Unmarshal(body, &all))
		require.EqualValues(t, len(all), p.m.Records)
		records = append(records, all...)
		kind, _ := directory().Kind(p.m.Kind)
		require.Len(t, p.twin, 2)
		for f, m := range p.twin {
			var want bytes.Buffer
			require.NoError(t, f.twin(&want, spec.System, kind, bytes.NewReader(body)))
			require.Equal(t, want.String(), string(contentOf(t, st, m)), "part %d as %s", p.seq, f)
			require.Equal(t, p.m.Records, m.Records)
			require.Equal(t, p.m.Number, m.Number)
		}
	}
	return records, parts
}

func contentOf(t testing.TB, st *store.Store, m member) []byte {
	t.Helper()
	r, err := openMember(t.Context(), st, m)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	require.EqualValues(t, len(body), m.Bytes)
	return body
}

func idsOf(t testing.TB, records []json.RawMessage) (out []string) {
	t.Helper()
	for _, r := range records {
		out = append(out, idOf(t, r))
	}
	return out
}
