package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/gauge"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/sample"
	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const (
	rawBlock    = 4 << 20 // as the product
	rawParallel = 4       // as the product
	benchTask   = dsr.TaskID("bench-export")
)

// exportTask is the work of another process of the bench.
type exportTask struct {
	Connection string   `json:"connection"`
	Request    string   `json:"request"` // name of the parts
	Bytes      int64    `json:"bytes"`   // of JSON
	Formats    []string `json:"formats,omitempty"`
	Graph      string   `json:"graph,omitempty"` // URL of the simulator
	Profile    string   `json:"profile,omitempty"`
}

// exportResult is what that process measured.
type exportResult struct {
	Request string  `json:"request"` // id
	Bytes   int64   `json:"bytes"`   // of JSON
	Packed  int64   `json:"packed"`  // as stored
	Records int64   `json:"records"`
	People  int     `json:"people,omitempty"` // each with discovery and parts of their own
	Seconds float64 `json:"seconds"`
	Over    int64   `json:"over"` // peak memory over idle, bytes
	How     string  `json:"how"`  // how it was measured
}

// playExport plays one of the roles of part (c) and prints an exportResult.
func playExport(ctx context.Context, role string) error {
	t, err := taskInput[exportTask]()
	if err != nil {
		return err
	}
	e := &exporter{exportTask: t}
	if e.clients, err = account.ConnectString(t.Connection, account.ClientOptions(nil)); err != nil {
		return err
	}
	if e.st, err = openStore(e.clients); err != nil {
		return err
	}
	if err := e.st.Init(ctx); err != nil {
		return err
	}
	if e.tokens, err = benchTokens(); err != nil {
		return err
	}
	play := map[string]func(context.Context) error{
		roleUpload: e.upload, roleSink: e.sink, roleCopy: e.copy, rolePack: e.pack, roleGraphSink: e.graph,
	}[role]
	if err := play(ctx); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(e.result)
}

// benchTokens makes the keyed hashes of queries.
func benchTokens() (*pii.Tokens, error) {
	return pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{3}, 32)})
}

// openStore opens the store with fixed keys, so that the processes of one run can read each
// other's blobs.
func openStore(c account.Clients) (*store.Store, error) {
	wrapper, err := seal.NewFileKey(pii.Key{Version: 1, Key: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		return nil, err
	}
	clocks := clock.Clocks{Wall: wall}
	in, err := c.Services(account.ServicesOptions{Clocks: clocks})
	if err != nil {
		return nil, err
	}
	return store.Open(store.Options{
		Tables: in.Tables, Blobs: in.Blobs, Queues: in.Queues, Wrapper: wrapper, Clocks: clocks,
		IDKey: bytes.Repeat([]byte{2}, 32), CursorKey: bytes.Repeat([]byte{3}, 32),
	})
}

type exporter struct {
	exportTask
	clients account.Clients
	st      *store.Store
	tokens  *pii.Tokens
	result  exportResult
}

// measure runs do from rest and records time and memory.
func (e *exporter) measure(name string, do func() error) error {
	m := gauge.Watch()
	began := time.Now()
	err := gauge.Profiled(e.Profile, name, do)
	e.result.Seconds = time.Since(began).Seconds()
	e.result.Over, e.result.How = max(0, m.Stop()-m.Idle), m.How
	return err
}

// newCase makes a request with one task, whose key seals the cursors.
func (e *exporter) newCase(ctx context.Context) (*store.Case, error) {
	made, err := e.st.Create(ctx, store.Draft{
		Request: dsr.Request{
			Tenant: caller.Contoso, Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR, Caller: "bench", ReceivedAt: wall(), DueAt: wall(), CreatedAt: wall(),
			Tasks: []dsr.Task{{ID: benchTask, System: sample.System, Action: dsr.Export, State: dsr.TaskOpen}},
		},
		Key: uuid.NewString(), By: "bench",
	})
	if err != nil {
		return nil, err
	}
	e.result.Request = made.Request.ID
	return e.st.Load(ctx, caller.Contoso, made.Request.ID)
}

func (e *exporter) formats() []tenant.Format {
	var out []tenant.Format
	for _, f := range e.Formats {
		out = append(out, tenant.Format(f))
	}
	return out
}

// sink hands over ready records as a connector would, up to the number of bytes asked for.
func (e *exporter) sink(ctx context.Context) error {
	c, err := e.newCase(ctx)
	if err != nil {
		return err
	}
	all, err := sample.Pages()
	if err != nil {
		return err
	}
	claim, err := e.st.Claim(ctx, c, benchTask, uuid.NewString())
	if err != nil {
		return err
	}
	err = e.measure("sink"+fmt.Sprint(len(e.Formats)), func() error {
		s, err := part.New(part.Options{
			Store: e.st, Case: c, Spec: part.SpecOf(&c.Request, c.Task(benchTask)), Descriptor: sample.Descriptor(), Kinds: []string{sample.Kind}, Formats: e.formats(),
			Tokens: e.tokens, Clocks: clock.Same(wall), Claim: claim,
		})
		if err != nil {
			return err
		}
		if _, _, err := s.Resume(ctx); err != nil {
			return err
		}
		for n := 0; e.result.Bytes < e.Bytes; n++ {
			page := all[n%len(all)]
			if err := s.Put(ctx, sample.Kind, page, fmt.Appendf(nil, "%d", n)); err != nil {
				return err
			}
			for _, r := range page {
				e.result.Bytes += int64(len(r)) + 2
			}
		}
		// The process that makes the package finds the last part in the row, too.
		if err := s.Save(ctx); err != nil {
			return err
		}
		sum, err := s.Close(ctx)
		e.result.Records = sum.Records
		for _, p := range sum.Parts {
			e.result.Packed += p.Size
		}
		return err
	})
	return err
}

// nextPackage is the package that is being made of a request.
func nextPackage(request string) *dsr.Package {
	name := caller.Contoso + "/" + request + ".zip"
	return &dsr.Package{State: dsr.PackageBuilding, Place: dsr.Place{Container: retention.Packages, Name: name}}
}

// pack makes the package of the parts that the sink stored.
func (e *exporter) pack(ctx context.Context) error {
	c, err := e.st.Load(ctx, caller.Contoso, e.Request, benchTask)
	if err != nil {
		return err
	}
	c.Next = nextPackage(c.ID)
	e.result.Request, e.result.Bytes = e.Request, e.Bytes
	t := c.Task(benchTask)
	t.State, t.Outcome = dsr.TaskEnded, dsr.Outcome{Code: dsr.OutcomeDone}
	for _, p := range t.Parts {
		t.Records += p.Records
	}
	one := tenant.Tenant{ID: caller.Contoso, Name: "Contoso", Systems: []tenant.Instance{tenant.Plain(sample.System)}}
	return e.measure("pack", func() error {
		p, err := archive.Assemble(ctx, archive.Assembly{
			Store: e.st, Case: c, Tenant: one, Catalogue: connector.Catalogue{{Descriptor: sample.Descriptor()}}, Clocks: clock.Same(wall),
		})
		e.result.Packed = p.Bytes
		return err
	})
}
