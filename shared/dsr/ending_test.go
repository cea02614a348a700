package dsr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func TestHowARequestEnded(t *testing.T) {
	t.Parallel()
	request := func(state dsr.State, codes ...dsr.OutcomeCode) *dsr.Request {
		r := &dsr.Request{State: state, Tasks: []dsr.Task{
			{ID: dsr.NewTaskID("a", dsr.Discover), System: "a", Action: dsr.Discover, Outcome: dsr.Outcome{Code: dsr.OutcomeDone}},
			{ID: dsr.PackageTask, Action: dsr.Deliver, Outcome: dsr.Outcome{Code: dsr.OutcomeFailed}},
		}}
		for _, c := range codes {
			r.Tasks = append(r.Tasks, dsr.Task{ID: "a-access", System: "a", Action: dsr.Access, State: dsr.TaskEnded, Outcome: dsr.Outcome{Code: c}})
		}
		return r
	}
	for name, c := range map[string]struct {
		r    *dsr.Request
		want dsr.Ending
	}{
		"under way":                         {request(dsr.StateFulfilling, dsr.OutcomeDone), ""},
		"waiting":                           {request(dsr.StateWaiting, dsr.OutcomeDone, dsr.OutcomeManual), ""},
		"done":                              {request(dsr.StateCompleted, dsr.OutcomeDone), dsr.EndingWhole},
		"done, and nothing found":           {request(dsr.StateCompleted, dsr.OutcomeDone, dsr.OutcomeNothingFound), dsr.EndingWhole},
		"in part":                           {request(dsr.StateCompleted, dsr.OutcomeDone, dsr.OutcomePartial), dsr.EndingGaps},
		"refused":                           {request(dsr.StateCompleted, dsr.OutcomeRefused, dsr.OutcomeDone), dsr.EndingGaps},
		"failed, and in part":               {request(dsr.StateCompleted, dsr.OutcomePartial, dsr.OutcomeFailed, dsr.OutcomeDone), dsr.EndingFailed},
		"no package could be made":          {request(dsr.StateFailed, dsr.OutcomeDone), dsr.EndingFailed},
		"cancelled before it was done":      {request(dsr.StateCancelled, dsr.OutcomeDone, ""), dsr.EndingGaps},
		"cancelled, and one task failed":    {request(dsr.StateCancelled, dsr.OutcomeFailed, ""), dsr.EndingFailed},
		"cancelled, with each task done":    {request(dsr.StateCancelled, dsr.OutcomeDone), dsr.EndingGaps},
		"no task but discovery and package": {request(dsr.StateCompleted), dsr.EndingWhole},
	} {
		require.Equal(t, c.want, c.r.Ending(), name)
		require.Equal(t, c.want != "", c.r.State.Final(), name)
		if c.want != "" {
			require.Contains(t, dsr.Endings(), c.want, name)
		}
	}
}
