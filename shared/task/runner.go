// Package task runs one task of a request: it claims the task, lets its step do it, commits how it
// ended together with all that follows, and sends the messages for what comes next.
package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/alert"
	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Redeliver is how long after its message was sent a task is looked at again, unless a fault asks
// for more.
const Redeliver = time.Minute

// Counter counts what an operator watches.
type Counter interface {
	alert.Counter
	// Ignored counts a message that nothing can be done for, by the code of its log line.
	Ignored(ctx context.Context, reason string)
}

// Options are what a runner is made of. All are needed but Tenants, Steps and Ahead, and Budget
// where there are no steps: a runner without steps commits and sends, and runs nothing.
type Options struct {
	Store *store.Store
	// Tenants have destinations. Without tenants, packages go to the deployment's own container.
	Tenants tenant.Tenants
	Clocks  clock.Clocks
	Log     *slog.Logger
	Counter Counter
	Steps   []Step
	// Budget is what an invocation may do, by the wall clock. With Next 0 it begins nothing after
	// its first step.
	Budget budget.Budget
	// Ahead is how many new requests at once this process may work on right after it took them in.
	// 0 means none, as on a host that freezes a process which has answered.
	Ahead int
}

// Runner runs tasks. Everything that changes a request by a decision goes through its Change.
type Runner struct {
	Options
	alerts *alert.Alerts
	steps  map[dsr.Step]Step
	ahead  slots
}

// New returns a runner. The error names the option that is missing or the step that is given
// twice.
func New(o Options) (*Runner, error) {
	if o.Store == nil || o.Clocks.Wall == nil || o.Clocks.Business == nil || o.Log == nil || o.Counter == nil {
		return nil, errors.New("task: a runner needs a store, both clocks, a log and a counter")
	}
	if len(o.Steps) > 0 && o.Budget.Work <= 0 {
		return nil, errors.New("task: a runner with steps needs a budget")
	}
	alerts, err := alert.New(o.Log, o.Counter)
	if err != nil {
		return nil, err
	}
	r := &Runner{Options: o, alerts: alerts, steps: map[dsr.Step]Step{}, ahead: slots{most: o.Ahead}}
	for _, s := range o.Steps {
		if r.steps[s.Name()] != nil {
			return nil, fmt.Errorf("task: there are two steps %s", s.Name())
		}
		r.steps[s.Name()] = s
	}
	return r, nil
}
