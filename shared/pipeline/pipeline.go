// Package pipeline connects the steps, in the same way for the product and for tests.
package pipeline

import (
	"errors"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/deliver"
	"github.com/rightsdesk/rightsdesk/shared/discover"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/fulfil"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/purge"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
	"github.com/rightsdesk/rightsdesk/shared/wake"
)

// Options are the parts of the steps. All are required except the bounds after Budget; zero means
// the product's own values.
type Options struct {
	Store      *store.Store
	Tenants    tenant.Tenants
	Catalogue  connector.Catalogue
	Connectors connector.Connectors
	Tokens     *pii.Tokens
	Clocks     clock.Clocks
	Log        *slog.Logger
	Counter    task.Counter

	Budget   budget.Budget // of an invocation
	Patience time.Duration // total pauses between attempts within one invocation
	Ahead    int           // new requests at once that this process goes on with; 0: none
	PartSize int           // bytes of uncompressed JSON after which a part is closed
	Limit    int           // wakes of one clock and shard in one run of a timer
}

// Pipeline holds the connected steps.
type Pipeline struct {
	Runner *task.Runner
	Decide *decide.Service
	Wake   *wake.Step
	Purge  *purge.Step
}

// New connects the steps. Its error joins those of their constructors.
func New(o Options) (*Pipeline, error) {
	found, err1 := discover.New(discover.Options{
		Store: o.Store, Connectors: o.Connectors, Tokens: o.Tokens, Clocks: o.Clocks, Patience: o.Patience,
	})
	fulfilled, err2 := fulfil.New(fulfil.Options{
		Store: o.Store, Connectors: o.Connectors, Tenants: o.Tenants, Tokens: o.Tokens, Clocks: o.Clocks, Patience: o.Patience,
		PartSize: o.PartSize,
	})
	delivered, err3 := deliver.New(deliver.Options{Store: o.Store, Tenants: o.Tenants, Catalogue: o.Catalogue, Clocks: o.Clocks})
	sweeper, err4 := due.New(due.Options{
		Store: o.Store, Clocks: o.Clocks, Log: o.Log, Tenants: o.Tenants, Limit: o.Limit, Bound: o.Budget.Sweep,
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	p := &Pipeline{}
	var err error
	p.Runner, err = task.New(task.Options{
		Store: o.Store, Tenants: o.Tenants, Clocks: o.Clocks, Log: o.Log, Counter: o.Counter, Steps: []task.Step{found, fulfilled, delivered},
		Budget: o.Budget, Ahead: o.Ahead,
	})
	if err != nil {
		return nil, err
	}
	p.Decide, err1 = decide.New(p.Runner)
	p.Wake, err2 = wake.New(sweeper, p.Runner)
	p.Purge, err3 = purge.New(sweeper)
	return p, errors.Join(err1, err2, err3)
}
