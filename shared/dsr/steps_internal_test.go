package dsr

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryActionHasOneRow holds the table to itself: it is what a new action has to fill in.
func TestEveryActionHasOneRow(t *testing.T) {
	t.Parallel()
	seen := map[Action]bool{}
	for _, r := range steps {
		require.False(t, seen[r.Action], "%s has two rows", r.Action)
		seen[r.Action] = true
		require.NotEmpty(t, r.Step, r.Action)
		require.Contains(t, States(), r.In, r.Action)
		require.Contains(t, Lanes(), r.Lane, r.Action)
		if r.Follows == "" {
			continue
		}
		to, err := Next(r.In, r.Follows)
		require.NoError(t, err, r.Action)
		require.NotEqual(t, r.In, to, "%s would follow for ever", r.Follows)
		for _, other := range steps {
			if other.In == r.In {
				require.Equal(t, r.Follows, other.Follows, "%s and %s are done in one state", r.Action, other.Action)
			}
		}
	}
	require.Equal(t, row{}, steps.of("unknown"))
}

// Statements of Art. 15(1) are needed for access alone. Neither a copy of the data nor an action
// without a row has them.
func TestAccessAloneIsExplained(t *testing.T) {
	t.Parallel()
	for action, want := range map[Action]bool{Access: true, Export: false, Deliver: false, "unknown": false} {
		require.Equal(t, want, action.Explained(), action)
	}
}

// TestEffectsWaitForTheCopies shows that a second leg fits into the table: an action with an effect
// is one more row.
func TestEffectsWaitForTheCopies(t *testing.T) {
	t.Parallel()
	const erase Action = "erase"
	table := append(slices.Clone(steps), row{
		Action: erase, Step: StepFulfil, In: StateFulfilling, Lane: LaneFulfil, Leg: Effects, Follows: EventTasksEnded,
	})
	request := func(change func(*Request)) *Request {
		r := &Request{State: StateFulfilling, Package: &Package{State: PackageReady}, Tasks: []Task{
			{ID: "entra-access", Action: Access, State: TaskEnded},
			{ID: "entra-erase", Action: erase, State: TaskOpen},
		}}
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		change  func(*Request)
		want    []TaskID
		follows EventType
	}{
		"the package is ready":     {func(*Request) {}, []TaskID{"entra-erase"}, ""},
		"a copy is open":           {func(r *Request) { r.Tasks[0].State = TaskOpen }, []TaskID{"entra-access"}, ""},
		"there is no package":      {func(r *Request) { r.Package = nil }, nil, EventTasksEnded},
		"the package is expiring":  {func(r *Request) { r.Package.State = PackageExpiring }, nil, EventTasksEnded},
		"a copy came after it":     {func(r *Request) { r.Tasks[0].Round = 1 }, nil, EventTasksEnded},
		"a copy waits":             {func(r *Request) { r.Tasks[0].State = TaskWaiting }, nil, EventTasksEnded},
		"a copy has failed":        {func(r *Request) { r.Tasks[0].Outcome.Code = OutcomeFailed }, nil, EventTasksEnded},
		"the effect has ended":     {func(r *Request) { r.Tasks[1].State = TaskEnded }, nil, EventEffectsEnded},
		"no copy was asked for":    {func(r *Request) { r.Package, r.Tasks = nil, r.Tasks[1:] }, []TaskID{"entra-erase"}, ""},
		"another state's business": {func(r *Request) { r.State = StateDiscovering }, nil, EventPlanned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(c.change)
			var got []TaskID
			for _, task := range table.workable(r) {
				got = append(got, task.ID)
			}
			require.Equal(t, c.want, got)
			follows, _ := table.follows(r)
			require.Equal(t, c.follows, follows)
		})
	}
}
