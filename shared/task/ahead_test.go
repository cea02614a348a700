package task_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// ahead lets this process go on with so many new requests at once.
func ahead(w *tasktest.World, n int) {
	w.Rewire(func(o *pipeline.Options) { o.Budget.Next, o.Ahead = time.Minute, n })
}

// accept makes a request as intake does and returns what goes on with it.
func accept(w *tasktest.World, actions ...dsr.Action) (string, *task.Ahead) {
	w.T.Helper()
	c := w.Make(actions...)
	a, err := w.Steps.Runner.Accept(context.Background(), c)
	require.NoError(w.T, err)
	return c.ID, a
}

// steps counts the lines by which an operator sees what an invocation is at.
func steps(w *tasktest.World) int { return strings.Count(w.Log(), "msg=step ") }

func TestOneInvocationGoesOnWithWhatFollows(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.GoOn()
	messages := 0
	w.Host.Lose = func(tasktest.Delivery) bool { messages++; return false }
	id := w.Submit(dsr.Access)
	more, err := w.Host.Next()
	require.NoError(t, err)
	require.True(t, more)
	require.Equal(t, dsr.StateCompleted, w.Load(id).State)
	w.Host.Drain()
	require.Equal(t, 1, messages)
	require.Equal(t, 3, steps(w))
}

func TestSeveralTasksGetAMessageEach(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.GoOn()
	messages := 0
	w.Host.Lose = func(tasktest.Delivery) bool { messages++; return false }
	id := w.Submit(dsr.Access)
	w.Host.Finish(id)
	require.Equal(t, dsr.StateCompleted, w.Load(id).State)
	require.Equal(t, 2+2, messages, "the last of them makes the package")
}

func TestAnInvocationEndsWhenItsTimeIsUsedUp(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	w.GoOn()
	w.Systems["alpha"].OnPage = func(int) error {
		w.Clock.Advance(2 * time.Second)
		return nil
	}
	w.Systems["alpha"].Pages = 35
	id := w.Submit(dsr.Access)
	_, err := w.Host.Next()
	require.NoError(t, err)
	require.Equal(t, dsr.StateAssembling, w.Load(id).State)
	w.Host.Finish(id)
	require.Equal(t, dsr.StateCompleted, w.Load(id).State)
}

func TestANewRequestIsDoneByTheProcessThatTookItIn(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	ahead(w, 2)
	id, a := accept(w, dsr.Access)
	require.NotNil(t, a)
	require.Equal(t, dsr.StateReceived, w.Load(id).State, "not before the caller has its answer")
	a.GoOn(t.Context())
	w.Steps.Runner.Wait()
	require.Equal(t, dsr.StateCompleted, w.Load(id).State)
	n, err := w.Clean.Queues.Length(t.Context(), "dsr-work")
	require.NoError(t, err)
	require.Zero(t, n, "the message is deleted")
}

func TestOnlySomeNewRequestsAreGoneOnWith(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	ahead(w, 3)
	_, first := accept(w, dsr.Access)
	require.NotNil(t, first)
	second, none := accept(w, dsr.Access)
	require.Nil(t, none, "one tenant has at most half of the slots")
	none.GoOn(t.Context())
	w.Host.Finish(second)
	require.Equal(t, dsr.StateCompleted, w.Load(second).State, "by its message")
	first.GoOn(t.Context())
	w.Steps.Runner.Wait()
	_, third := accept(w, dsr.Access)
	require.NotNil(t, third, "the slot is free again")
	third.GoOn(t.Context())
	w.Steps.Runner.Wait()

	two := tasktest.New(t, "alpha", "beta")
	ahead(two, 8)
	_, none = accept(two, dsr.Access)
	require.Nil(t, none, "two systems are asked at the same time")
}

// The process dies right after its answer, or after every third call. The hidden message or the
// wake brings the request to the same end.
func TestTheProcessThatTookARequestInDies(t *testing.T) {
	t.Parallel()
	calm := tasktest.New(t, "alpha")
	ahead(calm, 2)
	id, a := accept(calm, dsr.Export)
	a.GoOn(t.Context())
	calm.Steps.Runner.Wait()
	want := finish(calm, id)
	step := 3
	if testing.Short() {
		step = 9
	}
	for n := 0; ; n += step {
		w := tasktest.New(t, "alpha")
		ahead(w, 2)
		id, a := accept(w, dsr.Export)
		revive := w.Faults.Add(storetest.Fault{Action: storetest.Lost, Skip: n})
		a.GoOn(t.Context())
		w.Steps.Runner.Wait()
		revive()
		met := w.Faults.Met() > 0
		require.Empty(t, cmp.Diff(want, finish(w, id)), "dead after %d calls", n)
		w.Forget()
		if !met {
			require.Greater(t, n, 2*step, "it died in its midst")
			return
		}
	}
}

func TestAMessageThatCannotBeSentDoesNotStopTheWork(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha")
	ahead(w, 2)
	back := w.Faults.Add(storetest.Fault{Action: storetest.Throttled, Match: func(c storetest.Call) bool { return c.Service == "queue" }})
	id, a := accept(w, dsr.Access)
	back()
	a.GoOn(t.Context())
	w.Steps.Runner.Wait()
	require.Equal(t, dsr.StateCompleted, w.Load(id).State)
}
