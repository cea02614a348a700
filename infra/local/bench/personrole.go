package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/gauge"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/sample"
	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// person is somebody whose records have a shape of their own.
type person struct {
	name  string
	kinds int
	pages int // of each kind
	page  func(n int) []json.RawMessage
	plain bool // no tabular forms
}

// people are those of part (i).
var people = []person{
	{"a person with one record", 1, 1, one, false},
	{"60 kinds of one page each", 60, 1, func(int) []json.RawMessage { return records(0, 10) }, false},
	{"a kind of 100,000 records", 1, 100, thousand, false},
	{"a kind of 300,000 records", 1, 300, thousand, false},
	{"a file of 20 MiB in a record, JSON only", 1, 1, photo, true},
	{"a file of 20 MiB in a record", 1, 1, photo, false},
}

func one(int) []json.RawMessage { return records(0, 1) }

func thousand(n int) []json.RawMessage { return records(n, 1000) }

func photo(int) []json.RawMessage { return []json.RawMessage{file(20 * mib)} }

// records is a page of records.
func records(page, n int) []json.RawMessage {
	out := make([]json.RawMessage, n)
	for i := range out {
		id := uint64(page*n+i+1) * 0x9e3779b97f4a7c15
		out[i] = fmt.Appendf(nil, `{"id":"%016x","at":"2026-0%d-1%dT10:%02d:00Z","name":"Person %d","address":"10.%d.%d.%d","place":"Berlin, DE","device":"%08x","agent":"Windows 11, Edge"}`,
			id, 1+id%9, id%10, id%60, i, id>>8&255, id>>16&255, id>>24&255, id>>20&0xffffffff)
	}
	return out
}

// file is a record with a file in it that cannot be compressed.
func file(size int64) json.RawMessage {
	var b strings.Builder
	b.WriteString(`{"id":"file","name":"photo.raw","content":"`)
	to := base64.NewEncoder(base64.StdEncoding, &b)
	_, _ = io.CopyN(to, rand.Reader, size*3/4) // a builder does not fail
	_ = to.Close()
	b.WriteString(`"}`)
	return json.RawMessage(b.String())
}

// descriptor is that of the system which holds the person's records.
func (p person) descriptor() connector.Descriptor {
	d := connector.Descriptor{System: sample.System, Title: "Bench", Holds: "Ready records."}
	for i := range p.kinds {
		k := connector.Kind{Name: fmt.Sprintf("kind-%02d", i+1), Title: "Kind", Category: dsr.CustomerData, Provenance: dsr.Provided, ID: "id"}
		for _, name := range []string{"id", "at", "name", "address", "place", "device", "agent"} {
			k.Columns = append(k.Columns, connector.Column{Name: name, Title: name})
		}
		d.Kinds = append(d.Kinds, k)
	}
	return d
}

// all are the pages of the person, made one by one as a system hands them over.
func (p person) all() iter.Seq2[string, []json.RawMessage] {
	return func(yield func(string, []json.RawMessage) bool) {
		for _, k := range p.descriptor().Kinds {
			for n := range p.pages {
				if !yield(k.Name, p.page(n)) {
					return
				}
			}
		}
	}
}

// personTask is the work of the process that measures a person.
type personTask struct {
	Connection string `json:"connection"`
	Person     string `json:"person"`
	Part       bool   `json:"part"` // a tenth of the pages
}

// personResult is what it measured.
type personResult struct {
	Calls   int64   `json:"calls"`
	Stored  int64   `json:"stored"` // bytes of all blobs
	Over    int64   `json:"over"`   // peak resident memory over idle, bytes
	Heap    int64   `json:"heap"`   // what the heap took from the system, bytes
	Seconds float64 `json:"seconds"`
}

// playPerson plays the role and prints a personResult.
func playPerson(ctx context.Context) error {
	t, err := taskInput[personTask]()
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.name != t.Person {
			continue
		}
		if t.Part {
			p.pages = max(1, p.pages/10)
		}
		r, err := p.measure(ctx, t.Connection)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return fmt.Errorf("there is no person %q", t.Person)
}

// tally counts storage calls and the bytes that they send.
type tally struct{ calls, bytes atomic.Int64 }

// Do implements policy.Policy.
func (c *tally) Do(req *policy.Request) (*http.Response, error) {
	c.calls.Add(1)
	if u := req.Raw(); u.Method == http.MethodPut {
		c.bytes.Add(max(0, u.ContentLength))
	}
	return req.Next()
}

func (p person) measure(ctx context.Context, connection string) (personResult, error) {
	var r personResult
	seen := &tally{}
	clients, err := account.ConnectString(connection, account.ClientOptions(nil, seen))
	if err != nil {
		return r, err
	}
	e := &exporter{clients: clients}
	if e.st, err = openStore(clients); err != nil {
		return r, err
	}
	if err := e.st.Init(ctx); err != nil {
		return r, err
	}
	if e.tokens, err = benchTokens(); err != nil {
		return r, err
	}
	c, err := e.newCase(ctx)
	if err != nil {
		return r, err
	}
	claim, err := e.st.Claim(ctx, c, benchTask, uuid.NewString())
	if err != nil {
		return r, err
	}
	d := p.descriptor()
	var kinds []string
	for _, k := range d.Kinds {
		kinds = append(kinds, k.Name)
	}
	formats := []tenant.Format{tenant.CSV, tenant.XLSX, tenant.XML}
	if p.plain {
		formats = nil
	}
	contoso := tenant.Tenant{ID: caller.Contoso, Name: "Contoso", Systems: []tenant.Instance{tenant.Plain(sample.System)}}
	calls, bytes := seen.calls.Load(), seen.bytes.Load()
	m := gauge.Watch()
	began := time.Now()
	s, err := part.New(part.Options{
		Store: e.st, Case: c, Spec: part.SpecOf(&c.Request, c.Task(benchTask)), Descriptor: d, Kinds: kinds,
		Formats: formats, Tokens: e.tokens, Clocks: clock.Same(wall), Claim: claim,
	})
	if err != nil {
		return r, err
	}
	if err := p.handOver(ctx, s, c); err != nil {
		return r, err
	}
	c.Next = nextPackage(c.ID)
	made, err := archive.Assemble(ctx, archive.Assembly{
		Store: e.st, Case: c, Tenant: contoso, Catalogue: connector.Catalogue{{Descriptor: d}}, Clocks: clock.Same(wall),
	})
	if err != nil {
		return r, err
	}
	if _, err := archive.Verify(ctx, e.st, blob.PackageRef(made.Place)); err != nil {
		return r, err
	}
	if err := part.Delete(ctx, e.st, c); err != nil {
		return r, err
	}
	r.Seconds, r.Over = time.Since(began).Seconds(), max(0, m.Stop()-m.Idle)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	r.Calls, r.Stored, r.Heap = seen.calls.Load()-calls, seen.bytes.Load()-bytes, int64(mem.HeapSys)
	return r, nil
}

// handOver hands over the person's records and ends the task.
func (p person) handOver(ctx context.Context, s *part.Sink, in interface{ Task(dsr.TaskID) *dsr.Task }) error {
	if _, _, err := s.Resume(ctx); err != nil {
		return err
	}
	n := 0
	for kind, page := range p.all() {
		n++
		if err := s.Put(ctx, kind, page, fmt.Appendf(nil, "%d", n)); err != nil {
			return err
		}
	}
	sum, err := s.Close(ctx)
	if err != nil {
		return err
	}
	t := in.Task(benchTask)
	t.State, t.Outcome, t.Parts, t.Records = dsr.TaskEnded, dsr.Outcome{Code: dsr.OutcomeDone}, sum.Parts, sum.Records
	return nil
}
