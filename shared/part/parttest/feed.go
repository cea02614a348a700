// Package parttest provides a person's request and a feed of records, for tests of parts and
// of packages.
package parttest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Feed plays a connector: its pages have a fixed order, and the cursor is the number of the
// next one.
type Feed []Page

// Page is one page of a feed.
type Page struct {
	Kind    string
	Records []json.RawMessage
}

// Export hands over the pages from a cursor on.
func (f Feed) Export(ctx context.Context, from []byte, sink connector.Sink) error {
	start := 0
	if from != nil {
		start, _ = strconv.Atoi(string(from))
	}
	for i := start; i < len(f); i++ {
		sink.Asked(connector.Asked{Kind: f[i].Kind, Query: pii.New("the " + f[i].Kind + " of jane"), Permission: "Read." + f[i].Kind, Records: int64(len(f[i].Records))})
		if err := sink.Put(ctx, f[i].Kind, f[i].Records, []byte(strconv.Itoa(i+1))); err != nil {
			return err
		}
	}
	return nil
}

// People returns pages of perPage records for each of two kinds, with an empty page after
// each kind.
func People(pages, perPage int, mark string) Feed {
	var f Feed
	for _, kind := range []string{"profile", "sign-ins"} {
		for p := range pages {
			var records []json.RawMessage
			for i := range perPage {
				records = append(records, json.RawMessage(fmt.Sprintf(`{"id":"%s-%d-%d","displayName":"=%s","n":%d}`, kind, p, i, mark, i)))
			}
			f = append(f, Page{kind, records})
		}
		f = append(f, Page{kind, nil})
	}
	return f
}

// IDs returns the ids of the records that a feed hands over.
func (f Feed) IDs(t testing.TB) (out []string) {
	t.Helper()
	for _, p := range f {
		for _, r := range p.Records {
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

// NextPackage is a package of a request that is being made.
func NextPackage(request, name string) *dsr.Package {
	p := dsr.Place{Container: retention.Packages, Name: TenantID + "/" + request + "/" + name + ".zip"}
	return &dsr.Package{State: dsr.PackageBuilding, Place: p}
}

// NewCase stores a request with ended tasks.
func NewCase(t testing.TB, st *store.Store, key string, r *dsr.Request) *store.Case {
	t.Helper()
	d := store.Draft{Request: *r, Private: Private(), Key: key, Body: "b", By: "test"}
	d.Request.ID, d.Request.Seq, d.Request.State, d.Request.Caller = "", 0, dsr.StateNone, "test"
	created, err := st.Create(t.Context(), d)
	require.NoError(t, err)
	c, err := st.Load(t.Context(), TenantID, created.Request.ID)
	require.NoError(t, err)
	require.NoError(t, c.ReadAllTasks(t.Context()))
	c.Next = NextPackage(c.ID, "first")
	return c
}

// Bench is one task whose parts are written repeatedly.
type Bench struct {
	*storetest.World
	Case     *store.Case
	Spec     part.Spec
	PartSize int
	TB       testing.TB

	mu      sync.Mutex
	ledgers map[part.Spec]*Ledger
}

// NewBench makes a world with one request and its task.
func NewBench(t testing.TB) *Bench {
	t.Helper()
	w := storetest.New(t)
	c := NewCase(t, w.Store, "bench", Asked(dsr.GDPR, dsr.Access))
	b := &Bench{World: w, Case: c, PartSize: 400, TB: t}
	b.Spec = part.Spec{Tenant: TenantID, Request: c.ID, Task: "entra-access", System: "entra", Action: dsr.Access}
	// This reads the key of the case, so that the calls that are counted later are those of parts.
	_, err := c.Seal(t.Context(), "warm", []byte("x"))
	require.NoError(t, err)
	return b
}

// Sink makes a sink for a task.
func (b *Bench) Sink(st *store.Store, spec part.Spec, change ...func(*part.Options)) *part.Sink {
	o := part.Options{
		Store: st, Case: b.Case, Spec: spec, Descriptor: Directory(), Kinds: Directory().KindsFor(spec.Action), Formats: []tenant.Format{tenant.CSV, tenant.XML},
		Tokens: tokens(), Clocks: clock.Same(b.Clock.Now), PartSize: b.PartSize, Claim: b.Ledger(spec),
	}
	for _, f := range change {
		f(&o)
	}
	s, err := part.New(o)
	require.NoError(b.TB, err)
	return s
}

// Finish resumes and exports until the task is done.
func Finish(t testing.TB, s *part.Sink, f Feed) part.Summary {
	t.Helper()
	for range 100 {
		sum, err := Attempt(t.Context(), s, f)
		if errors.Is(err, part.ErrSuperseded) {
			continue
		}
		require.NoError(t, err)
		return sum
	}
	t.Fatal("superseded a hundred times")
	return part.Summary{}
}

// Attempt resumes and exports once.
func Attempt(ctx context.Context, s *part.Sink, f Feed) (part.Summary, error) {
	from, _, err := s.Resume(ctx)
	if err != nil {
		return part.Summary{}, err
	}
	err = f.Export(ctx, from, s)
	saving := s.Save(ctx)
	sum, closing := s.Close(ctx)
	return sum, cmp.Or(err, saving, closing)
}

// IDs returns the ids of the records.
func IDs(t testing.TB, records []json.RawMessage) (out []string) {
	t.Helper()
	for _, r := range records {
		out = append(out, idOf(t, r))
	}
	return out
}
