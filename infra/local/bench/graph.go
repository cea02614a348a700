package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	local "github.com/rightsdesk/rightsdesk/infra/local/tenant"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// graphFor is how long people are exported through the simulated Graph.
const graphFor = 15 * time.Second

// reader gives the fixed token of the local world.
type reader struct{}

func (reader) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: local.ReaderToken(caller.Contoso), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// graph exports one person after another through the real connector.
func (e *exporter) graph(ctx context.Context) error {
	entry := catalog.Entries()[0]
	conn, err := entry.New(connector.Settings{
		Tenant: caller.Contoso, Endpoint: e.Graph, Credential: reader{}, Clocks: clock.Same(wall), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	c, err := e.newCase(ctx)
	if err != nil {
		return err
	}
	directory, err := entrasim.NewSample(wall, wall())
	if err != nil {
		return err
	}
	people := directory.Users(entrasim.Contoso)
	one := func(n int) error {
		person := people[n%len(people)]
		subject := dsr.Subject{Identifiers: []dsr.Identifier{{Kind: dsr.ObjectID, Value: pii.New(person.ID)}}}
		found, err := conn.(connector.Discoverer).Discover(ctx, connector.Lookup{Subject: subject})
		if err != nil {
			return err
		}
		s, err := part.New(part.Options{
			Store: e.st, Case: c, Descriptor: entry.Descriptor, Kinds: entry.Descriptor.KindsFor(dsr.Access), Formats: []tenant.Format{tenant.CSV},
			Spec:   part.Spec{Tenant: caller.Contoso, Request: fmt.Sprintf("%s-%d", c.ID, n), Task: benchTask, System: entry.Descriptor.System, Action: dsr.Access},
			Tokens: e.tokens, Clocks: clock.Same(wall), Claim: unclaimed{},
		})
		if err != nil {
			return err
		}
		if _, _, err := s.Resume(ctx); err != nil {
			return err
		}
		out, err := conn.(connector.Exporter).Export(ctx, connector.Scope{
			Action: dsr.Access, Kinds: entry.Descriptor.KindsFor(dsr.Access), Findings: found.Findings,
		}, nil, &counting{Sink: s, bytes: &e.result.Bytes})
		if err != nil {
			return err
		}
		if out.Code != dsr.OutcomeDone && out.Code != dsr.OutcomePartial {
			return fmt.Errorf("the export of a person ended as %s", out.Code)
		}
		sum, err := s.Close(ctx)
		e.result.Records += sum.Records
		return err
	}
	if err := one(0); err != nil { // opens connections
		return err
	}
	e.result.Bytes, e.result.Records = 0, 0
	return e.measure("graph", func() error {
		for n, end := 1, time.Now().Add(graphFor); time.Now().Before(end); n++ {
			if err := one(n); err != nil {
				return err
			}
			e.result.People++
		}
		return nil
	})
}

// counting counts the bytes of the records that go through it.
type counting struct {
	connector.Sink
	bytes *int64
}

// Put implements connector.Sink.
func (c *counting) Put(ctx context.Context, kind string, records []json.RawMessage, next []byte) error {
	for _, r := range records {
		*c.bytes += int64(len(r))
	}
	return c.Sink.Put(ctx, kind, records, next)
}

// unclaimed stands for the claim of each person's task, which the bench does not store.
type unclaimed struct{}

// Held implements part.Claim.
func (unclaimed) Held(context.Context) error { return nil }

// Parts implements part.Claim.
func (unclaimed) Parts() []dsr.Part { return nil }

// Record implements part.Claim.
func (unclaimed) Record(context.Context, dsr.Part) error { return nil }
