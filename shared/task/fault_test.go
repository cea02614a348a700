package task_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// faulty prepares a request whose one task meets a fault, and runs its message once.
func faulty(t *testing.T, f func(n int) error) (*tasktest.World, string) {
	t.Helper()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].OnPage = f
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	_, err := w.Host.Next()
	require.NoError(t, err, "a fault upstream is no failed invocation")
	return w, id
}

func TestAFaultUpstreamPutsTheTaskToRest(t *testing.T) {
	t.Parallel()
	throttled := func(after time.Duration) func(int) error {
		return func(int) error {
			return &connector.Fault{Kind: connector.Throttled, System: "alpha", Status: 429, RetryAfter: after}
		}
	}
	for name, tc := range map[string]struct {
		after time.Duration
		rest  []time.Duration // in minutes, of the first attempts
	}{
		"without a word how long": {0, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60}},
		"with Retry-After":        {5 * time.Minute, []time.Duration{5, 5, 5, 8, 16, 32, 60, 60, 60}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, id := faulty(t, throttled(tc.after))
			for i, rest := range tc.rest {
				claim := w.Load(id).Task("alpha-export").Claim
				require.Equal(t, i+1, claim.Faults)
				require.Empty(t, claim.Owner)
				until := time.Until(claim.Until) - time.Until(w.Clock.Now())
				require.InDelta(t, (rest * time.Minute).Seconds(), until.Seconds(), 5, "rest %d", i+1)

				_, before := w.Systems["alpha"].Asked()
				w.Host.Put(queue.Fulfil, queue.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"})
				w.Host.Drain() // too early
				w.Clock.Advance(rest*time.Minute - 90*time.Second)
				w.Host.Pass(time.Second) // of a minute
				_, now := w.Systems["alpha"].Asked()
				require.Equal(t, before, now, "nobody disturbs the system while the task rests")
				w.Host.Pass(time.Minute)
			}
			c := w.Host.Finish(id)
			require.Equal(t, dsr.OutcomeFailed, c.Task("alpha-export").Outcome.Code)
			require.Contains(t, c.Task("alpha-export").Outcome.Reason, "10 attempts")
			_, pages := w.Systems["alpha"].Asked()
			require.Equal(t, 10, pages)
		})
	}
}

func TestACrashDoesNotLengthenTheRest(t *testing.T) {
	t.Parallel()
	w, id := faulty(t, func(n int) error { return tasktest.Unavailable(n, 1) })
	for range 4 { // workers that claim and die
		w.Clock.Advance(2 * time.Minute)
		_, err := w.Clean.Claim(context.Background(), w.Load(id), "alpha-export", "dead")
		require.NoError(t, err)
	}
	claim := w.Load(id).Task("alpha-export").Claim
	require.Equal(t, 5, claim.Count)
	require.Equal(t, 1, claim.Faults)
	require.Equal(t, dsr.StateCompleted, w.Host.Finish(id).State)
}

// One task's rest does not keep another one waiting whose message was lost.
func TestOneTaskRestsAndAnotherGoesOn(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.Systems["alpha"].OnPage = func(int) error {
		return &connector.Fault{Kind: connector.Throttled, System: "alpha", Status: 429, RetryAfter: time.Hour}
	}
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.StateFulfilling)
	w.Host.Fetch()
	w.Host.Drop()
	w.Host.Put(queue.Fulfil, queue.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"})
	w.Host.Drain()
	w.Host.Pass(2 * time.Minute)
	require.Equal(t, dsr.TaskEnded, w.Load(id).Task("beta-export").State)
	_, pages := w.Systems["alpha"].Asked()
	require.Equal(t, 1, pages)
}

// An error that is neither a fault of the system nor of the storage is tried again by the host
// and ends as poison.
func TestAnErrorWithoutANameEndsInPoison(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.Systems["alpha"].OnPage = func(int) error { return errors.New("bug") }
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	require.Equal(t, dsr.StateCompleted, c.State)
	require.Equal(t, dsr.OutcomeFailed, c.Task("alpha-export").Outcome.Code)
	require.Contains(t, c.Task("alpha-export").Outcome.Reason, "ten times")
	_, pages := w.Systems["alpha"].Asked()
	require.GreaterOrEqual(t, pages, 10)
	require.Positive(t, w.Host.Poisoned)
}
