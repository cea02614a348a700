package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// membersOf returns what a task handed over: its stored parts, or, where these were deleted after
// an earlier package was made of them, the members of that package. A task that did not end with
// data has no members.
func membersOf(ctx context.Context, st *store.Store, r *dsr.Request, t dsr.Task, before earlier) ([]part.Member, error) {
	if t.Records == 0 || (t.Outcome.Code != dsr.OutcomeDone && t.Outcome.Code != dsr.OutcomePartial) || t.Declared {
		return nil, nil
	}
	spec := part.Spec{Tenant: r.Tenant, Request: r.ID, Round: t.Round, Task: t.ID, System: t.System, Action: t.Action}
	parts, err := part.List(ctx, st, spec)
	if err != nil {
		return nil, err
	}
	if members, whole := firstOf(parts, t.Records); whole {
		return members, nil
	}
	if members := before.members(t); members != nil {
		return members, nil
	}
	return nil, fmt.Errorf("%w: task %s has %d parts", ErrIncomplete, t.ID, len(parts))
}

// firstOf returns the members of the first parts that together hold as many records as the task
// handed over. A worker that had lost its claim may have stored more parts after the end; these are
// left out.
func firstOf(parts []part.Stored, records int64) ([]part.Member, bool) {
	var out []part.Member
	var sum int64
	for _, p := range parts {
		out = append(out, p.Member)
		for _, f := range tenant.Tabular() {
			if m, ok := p.Forms[f]; ok {
				out = append(out, m)
			}
		}
		if sum += p.Member.Records; sum >= records {
			break
		}
	}
	return out, sum == records
}

// ErrIncomplete says that the stored parts are not what a task says it handed over.
var ErrIncomplete = errors.New("archive: the stored parts are not what the task handed over")
