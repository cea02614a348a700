package dsr

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// way moves a request by events, as the store does: with each goes what follows it.
type way struct {
	t *testing.T
	*Request
}

func (w way) do(e Event) {
	w.t.Helper()
	e.Seq, e.Prev, e.At = w.Seq+1, w.LastHash, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	require.NoError(w.t, w.Apply(e))
	for next, ok := w.Follows(); ok; next, ok = w.Follows() {
		require.NoError(w.t, w.Apply(Event{Type: next, Seq: w.Seq + 1, Prev: w.LastHash, At: e.At}))
	}
}

func (w way) end(id TaskID, code OutcomeCode) {
	w.t.Helper()
	e := Event{Type: EventTaskEnded, Task: id, Outcome: &Outcome{Code: code}}
	switch {
	case id == "entra-discover":
		e.Type = EventDiscovered
	case id == PackageTask:
		e.Type, e.Package = EventAnswered, &Package{State: PackageReady, Place: Place{ETag: string(w.State) + w.LastHash}}
	case code.Open():
		e.Type = EventTaskWaiting
	}
	w.do(e)
}

// at requires a state and the tasks that a worker can do. Where there is one, a wake is set.
func (w way) at(s State, workable ...TaskID) {
	w.t.Helper()
	var got []TaskID
	for _, t := range w.Workable() {
		got = append(got, t.ID)
	}
	require.Equal(w.t, s, w.State)
	require.Equal(w.t, workable, got)
}

// TestTheWayOfAnEffect leads requests for an effect from their first event to the last. The product
// has no such action yet. The test changes the table for itself, so it does not run in parallel.
func TestTheWayOfAnEffect(t *testing.T) {
	const erase Action = "erase"
	before := steps
	t.Cleanup(func() { steps = before })
	steps = append(slices.Clone(steps), row{
		Action: erase, Step: StepFulfil, In: StateFulfilling, Lane: LaneFulfil, Leg: Effects, Follows: EventTasksEnded,
	})
	begin := func(t *testing.T, copies ...Task) way {
		tasks := append([]Task{{ID: "entra-discover", System: "entra", Action: Discover, State: TaskOpen}}, copies...)
		w := way{t, &Request{Tasks: append(tasks, Task{ID: "entra-erase", System: "entra", Action: erase, State: TaskOpen}, DeliveryTask())}}
		w.do(Event{Type: EventReceived})
		w.at(StateReceived, "entra-discover")
		w.do(Event{Type: EventDiscoveryStarted})
		w.end("entra-discover", OutcomeDone)
		return w
	}
	access := Task{ID: "entra-access", System: "entra", Action: Access, State: TaskOpen}
	manual := Task{ID: "paper-access", System: "paper", Action: Access, State: TaskWaiting, Declared: true, Outcome: Outcome{Code: OutcomeManual}}
	// copied is a request whose copies are in the package. Its effect has begun.
	copied := func(t *testing.T) way {
		w := begin(t, access)
		w.at(StateFulfilling, "entra-access")
		w.end("entra-access", OutcomeDone)
		w.at(StateAssembling, PackageTask)
		w.end(PackageTask, OutcomeDone)
		w.at(StateFulfilling, "entra-erase")
		return w
	}
	for name, run := range map[string]func(*testing.T){
		"the effect comes after the package, which stays": func(t *testing.T) {
			w := copied(t)
			made := *w.Package
			w.end("entra-erase", OutcomeDone)
			w.at(StateCompleted)
			require.Equal(t, made, *w.Package)
			require.False(t, w.EndedAt.IsZero())
		},
		"a failed effect is retried, and the package stays": func(t *testing.T) {
			w := copied(t)
			made := *w.Package
			w.end("entra-erase", OutcomeFailed)
			w.at(StateCompleted)
			require.Equal(t, []TaskID{"entra-discover", "entra-erase"}, w.Retryable())
			w.do(Event{Type: EventRetried, Tasks: w.Retryable()})
			w.at(StateDiscovering, "entra-discover")
			w.end("entra-discover", OutcomeDone)
			w.at(StateFulfilling, "entra-erase")
			w.end("entra-erase", OutcomeDone)
			w.at(StateCompleted)
			require.Equal(t, made, *w.Package)
		},
		"a failed effect is retried after the package, with its copies": func(t *testing.T) {
			w := copied(t)
			w.Task("entra-access").Records = 1
			w.end("entra-erase", OutcomeFailed)
			w.do(Event{Type: EventPackageExpiring})
			w.do(Event{Type: EventRetried, Tasks: w.Retryable()})
			w.end("entra-discover", OutcomeDone)
			w.at(StateFulfilling, "entra-access")
			w.end("entra-access", OutcomeDone)
			w.end(PackageTask, OutcomeDone)
			w.at(StateFulfilling, "entra-erase")
		},
		"the effect waits for a failed copy": func(t *testing.T) {
			w := begin(t, access)
			w.end("entra-access", OutcomeFailed)
			w.end(PackageTask, OutcomeDone)
			w.at(StateWaiting)
			w.do(Event{Type: EventRetried, Tasks: w.Retryable()})
			w.end("entra-discover", OutcomeDone)
			w.at(StateFulfilling, "entra-access")
			w.end("entra-access", OutcomeDone)
			w.at(StateAssembling, PackageTask)
			w.end(PackageTask, OutcomeDone)
			w.at(StateFulfilling, "entra-erase")
		},
		"the effect waits for a copy by hand": func(t *testing.T) {
			w := begin(t, access, manual)
			w.end("entra-access", OutcomeDone)
			w.end(PackageTask, OutcomeDone)
			w.at(StateWaiting)
			w.end("paper-access", OutcomeDone)
			w.at(StateFulfilling, "entra-erase")
		},
		"an effect that waits for a person is ended by hand": func(t *testing.T) {
			w := copied(t)
			w.end("entra-erase", OutcomeManual)
			w.at(StateWaiting)
			w.end("entra-erase", OutcomeDone)
			w.at(StateCompleted)
		},
		"the request is cancelled before its effect": func(t *testing.T) {
			w := copied(t)
			w.do(Event{Type: EventCancelled})
			w.at(StateCancelled)
			require.Equal(t, TaskCancelled, w.Task("entra-erase").State)
			require.Equal(t, PackageReady, w.Package.State)
		},
		"without copies the package comes last": func(t *testing.T) {
			w := begin(t)
			w.at(StateFulfilling, "entra-erase")
			w.end("entra-erase", OutcomeDone)
			w.at(StateAssembling, PackageTask)
			w.end(PackageTask, OutcomeDone)
			w.at(StateCompleted)
		},
	} {
		t.Run(name, run)
	}
}
