package task

import (
	"context"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lease"
)

// Step does the tasks of one row of the table of steps.
type Step interface {
	// Name is the step's name in the table.
	Name() dsr.Step
	// Do does a claimed task and returns how it ended. Its context ends when the claim is lost.
	// With an error only End.Progress counts: a *connector.Fault puts the task to rest or ends
	// it as failed, budget.ErrUsedUp yields, and any other error fails the invocation, so that
	// the message comes back.
	Do(ctx context.Context, w Work) (End, error)
}

// Finisher is a step that has something to tidy up once the end of its task is committed.
type Finisher interface {
	// Finish is called with the request as it was committed. It may be called twice or never.
	Finish(ctx context.Context, c *store.Case) error
}

// Work is a claimed task.
type Work struct {
	Case  *store.Case
	Claim *lease.Claim
	Task  dsr.Task    // as it was when it was claimed
	Time  budget.Time // of the invocation: a step that has more to do yields when it is used up
}

// End is how a task ended.
type End struct {
	Task     dsr.TaskID
	Claim    *lease.Claim // nil when a person ends it
	By       string       // signature of the step, or the caller's id
	Outcome  dsr.Outcome
	Queries  []dsr.Query
	Records  int64
	Part     *dsr.Part    // the last part that the task handed over; the commit records it
	Findings *dsr.Found   // what a discovery found; nil when nothing
	Package  *dsr.Package // of a delivery that is done
	// Missing says, of a delivery that failed, that the package before is not where it was put.
	Missing bool
	Reason  pii.Value // what a person wrote; it is sealed
	Wakes   map[retention.WakeKind]time.Time
	// Candidates are the people whom a discovery matched, when there are several.
	Candidates []dsr.Candidate
	// Progress says that the attempt stored something that the next one need not do again, also
	// when it then met a fault or yielded.
	Progress bool
}
