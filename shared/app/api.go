package app

import (
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/host"
	"github.com/rightsdesk/rightsdesk/shared/httpapi"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// api makes the HTTP interface with what it calls: intake of requests and lists, and
// decisions.
func (a *App) api() (*httpapi.API, error) {
	submissions, err := intake.New(intake.Options{
		Runner: a.pipeline.Runner, Tenants: a.document.Tenants, Catalogue: a.catalogue, Tokens: a.tokens,
	})
	if err != nil {
		return nil, err
	}
	a.bulk, err = bulk.New(bulk.Options{
		Store: a.Store, Intake: submissions, QueueCaller: a.document.QueueCaller(), Key: pii.MAC(a.keys.ID, "bulk lines"),
		Clocks: a.clocks, Counter: telemetry.Counter{}, Bound: a.budget.Next, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Options{
		Store: a.Store, Tenants: a.document.Tenants, Callers: a.callers, Intake: submissions, Bulk: a.bulk,
		Decide: a.pipeline.Decide,
		Clocks: a.clocks, Version: Version, Log: a.log,
	})
}

// Program is what the host package runs.
func (a *App) Program() host.Program {
	return host.Program{
		API: a.API, Triggers: a.Triggers,
		NotFound: problem.New(problem.NotFound, "", "nothing is here"),
		Failed:   problem.New(problem.Internal, "", "the request could not be served"),
	}
}
