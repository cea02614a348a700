package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// A change that everything must follow, such as a cancellation, is never too large for its fences.
func TestFencesFitIntoATransaction(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ tasks, parts, most, least int }{
		"small rows":        {120, 1, 98, 98},
		"rows of 3,000":     {20, dsr.MaxParts, 4, 1},
		"few of any size":   {1, dsr.MaxParts, 1, 1},
		"nobody is at work": {0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := &Case{rows: map[dsr.TaskID]taskRow{}}
			old.State = dsr.StateFulfilling
			for i := range tt.tasks {
				id := dsr.TaskID(fmt.Sprintf("system-%03d-access", i))
				old.Tasks = append(old.Tasks, dsr.Task{
					ID: id, Action: dsr.Access, State: dsr.TaskOpen, Opening: 1, Detail: &dsr.Detail{Parts: make([]dsr.Part, tt.parts)},
				})
				old.rows[id] = taskRow{etag: "e"}
			}
			next := *old
			next.Request = *old.Clone()
			for i := range next.Tasks {
				next.Tasks[i].State = dsr.TaskCancelled
			}
			c := &commit{old: old, next: &next, events: []dsr.Event{{Type: dsr.EventCancelled}}}
			written, unread, err := c.written()
			require.NoError(t, err)
			require.Empty(t, unread)
			require.LessOrEqual(t, len(written), tt.most)
			require.GreaterOrEqual(t, len(written), tt.least)
		})
	}
}
