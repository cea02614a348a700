package app

import (
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/deliver"
	"github.com/rightsdesk/rightsdesk/shared/discover"
	"github.com/rightsdesk/rightsdesk/shared/fulfil"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/sweep"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// sweepBound keeps a sweep well under its period and under the host's limit.
const sweepBound = 45 * time.Second

// retryBudget is how long one invocation waits out a system that does not answer, before it puts the task back for minutes.
const retryBudget = 20 * time.Second

// steps makes the steps; what they need of the document they get as functions.
func (a *App) steps() {
	now, wall, log := a.clocks.Business, a.clocks.Wall, a.log
	a.settler = &task.Settler{Store: a.Store, Now: now, Wall: wall, Log: log, Ignored: telemetry.Ignored}
	a.discover = &discover.Step{
		Store: a.Store, Settle: a.settler, Connector: a.connectors.get, Hash: a.hash, Now: now, Budget: a.patience, NewID: uuid.NewString, Log: log,
	}
	a.fulfil = &fulfil.Step{
		Store: a.Store, Settle: a.settler, Connector: a.connectors.get, Formats: a.formats, Hash: a.hash, Now: now, Budget: a.patience,
		NewID: uuid.NewString, Log: log,
	}
	a.deliver = &deliver.Step{
		Store: a.Store, Settle: a.settler, Tenant: a.exportTenant, Descriptors: a.described,
		Retention: a.retention, Destination: a.destination, Now: now, NewID: uuid.NewString, Log: log,
	}
	a.sweep = &sweep.Sweeper{
		Store: a.Store, Settle: a.settler, Tenants: a.tenantIDs, Destination: a.destination, Now: now, Wall: wall, Limit: 500, Bound: sweepBound,
		NewID: uuid.NewString, Log: log,
	}
}

// hash is the keyed token of a query within a tenant: proof that it was asked, and nothing more.
func (a *App) hash(tenant string, query pii.Value) string {
	return a.tokens.Token(tenant, "query", query)
}

func tokens(k config.Keys) (*pii.Tokens, error) {
	var keys []pii.TokenKey
	for _, t := range k.Tokens {
		keys = append(keys, pii.TokenKey{Version: t.Version, Key: t.Key})
	}
	return pii.NewTokens(keys...)
}
