package decide_test

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

const tenant = "11111111-1111-1111-1111-111111111111"

type world struct {
	*storetest.World
	*decide.Service
	now time.Time
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{World: storetest.New(t), now: time.Date(2026, 3, 31, 9, 30, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	runner, err := task.New(task.Options{
		Store: w.World.Store, Clocks: clock.Clocks{Business: now, Wall: w.Clock.Now}, Log: slog.New(slog.DiscardHandler), Counter: telemetry.Counter{},
	})
	require.NoError(t, err)
	w.Service, err = decide.New(runner)
	require.NoError(t, err)
	return w
}

// request is one with a discovery, an export and n manual tasks.
func (w world) request(t *testing.T, manual int) *store.Case {
	t.Helper()
	tasks := []dsr.Task{
		{ID: "entra-discover", System: "entra", Action: dsr.Discover, State: dsr.TaskOpen},
		{ID: "entra-export", System: "entra", Action: dsr.Export, State: dsr.TaskOpen},
		dsr.DeliveryTask(),
	}
	for i := range manual {
		system := string(rune('a'+i)) + "-paper"
		tasks = append(tasks, dsr.Task{
			ID: dsr.NewTaskID(system, dsr.Export), System: system, Action: dsr.Export, State: dsr.TaskWaiting, Declared: true,
			Outcome: dsr.Outcome{Code: dsr.OutcomeManual},
		})
	}
	made, err := w.World.Store.Create(t.Context(), store.Draft{
		Request: dsr.Request{
			Tenant: tenant, Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR, Systems: []string{"entra"}, Caller: "c", ReceivedAt: w.now,
			DueAt: dsr.Due(dsr.GDPR, w.now), CreatedAt: w.now, Tasks: tasks,
		},
		Key: t.Name(), Body: "b", By: "c", Wakes: map[retention.WakeKind]time.Time{retention.WakeRedeliver: w.Clock.Now().Add(time.Minute)},
	})
	require.NoError(t, err)
	return w.load(t, made.Request.ID)
}

func (w world) load(t *testing.T, id string) *store.Case {
	t.Helper()
	c, err := w.World.Store.Load(t.Context(), tenant, id)
	require.NoError(t, err)
	return c
}

func TestADecisionMeetsStepsThatGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stale := w.request(t, 1)
	require.NoError(t, w.World.Store.Commit(t.Context(), w.load(t, stale.ID), store.Change{Events: []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: w.now, By: "step:test"}}}))

	c, err := w.EndTask(t.Context(), stale, decide.Who{ID: "p"}, "a-paper-export", dsr.OutcomeDone, pii.New("sent"))
	require.NoError(t, err, "it is read anew and tried again")
	require.Equal(t, dsr.StateDiscovering, c.State)
	require.Equal(t, dsr.OutcomeDone, c.Task("a-paper-export").Outcome.Code)

	stale = w.load(t, c.ID)
	_, err = w.Cancel(t.Context(), w.load(t, c.ID), decide.Who{ID: "p"}, pii.New("x"))
	require.NoError(t, err)
	_, err = w.Cancel(t.Context(), stale, decide.Who{ID: "q", Versions: []int64{stale.Seq}}, pii.New("x"))
	require.True(t, problem.Is(err, problem.PreconditionFailed), "the version is asked for again after each conflict: %v", err)
}

func TestManyPeopleEndTasksAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 4
	c := w.request(t, n)
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		mine := w.load(t, c.ID)
		wg.Go(func() {
			id := dsr.TaskID(string(rune('a'+i)) + "-paper-export")
			_, errs[i] = w.EndTask(t.Context(), mine, decide.Who{ID: "p"}, id, dsr.OutcomeDone, pii.New("sent"))
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	got := w.load(t, c.ID)
	require.EqualValues(t, 1+n, got.Seq)
	require.Len(t, got.Unended(), 1)
}

func TestAWorkerWhoseRequestIsCancelledLosesItsClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.request(t, 0)
	require.NoError(t, w.World.Store.Commit(t.Context(), c, store.Change{Events: []dsr.Event{{Type: dsr.EventDiscoveryStarted, At: w.now, By: "step:test"}}}))
	claim, err := w.World.Store.Claim(t.Context(), c, "entra-discover", "worker")
	require.NoError(t, err)
	require.NoError(t, claim.Check(t.Context()))
	c, err = w.Cancel(t.Context(), w.load(t, c.ID), decide.Who{ID: "p"}, pii.New("withdrawn"))
	require.NoError(t, err)
	require.ErrorIs(t, claim.Check(t.Context()), store.ErrClaimed)
	require.Equal(t, w.now.Add(retention.LookAgain), c.Wakes[retention.WakeParts].UTC(), "after the worker's last page")
	require.NotContains(t, c.Wakes, retention.WakeRedeliver)
}

func TestOnlyWhatFailedIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.request(t, 1)
	end := func(e dsr.Event) {
		e.At, e.By = w.now, "step:test"
		require.NoError(t, w.World.Store.Commit(t.Context(), c, store.Change{Events: []dsr.Event{e}}))
	}
	end(dsr.Event{Type: dsr.EventDiscoveryStarted})
	end(dsr.Event{Type: dsr.EventDiscovered, Task: "entra-discover", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}})
	end(dsr.Event{Type: dsr.EventTaskEnded, Task: "entra-export", Outcome: &dsr.Outcome{Code: dsr.OutcomeDone}})
	end(dsr.Event{Type: dsr.EventTaskEnded, Task: "a-paper-export", Outcome: &dsr.Outcome{Code: dsr.OutcomeFailed}})
	_, err := w.Retry(t.Context(), c, decide.Who{ID: "p"}, pii.Value{})
	require.True(t, problem.Is(err, problem.WrongState), "it is being assembled: %v", err)
	end(dsr.Event{Type: dsr.EventAnswered, Package: &dsr.Package{State: dsr.PackageReady}})
	_, err = w.Retry(t.Context(), c, decide.Who{ID: "p"}, pii.Value{})
	require.True(t, problem.Is(err, problem.NothingToRetry), "what people do by hand is not retried: %v", err)
}
