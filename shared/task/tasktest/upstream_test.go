package tasktest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

func forbidden() error {
	return &connector.Fault{Kind: connector.Forbidden, System: "alpha", Status: 403, Permission: "User.Read.All"}
}

func TestNoRightToSeeIsNotNoData(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*tasktest.System)
		want  dsr.OutcomeCode
		why   string
	}{
		"the permission to find is missing": {func(s *tasktest.System) { s.OnDiscover = func(int) error { return forbidden() } }, dsr.Failed, "User.Read.All"},
		"the permission to read is missing": {func(s *tasktest.System) { s.OnPage = func(int) error { return forbidden() } }, dsr.Failed, "User.Read.All"},
		"the system does not understand": {func(s *tasktest.System) {
			s.OnDiscover = func(int) error { return &connector.Fault{Kind: connector.Rejected, System: "alpha", Status: 400} }
		}, dsr.Failed, "HTTP 400"},
		"half was looked at and nothing was found": {func(s *tasktest.System) {
			s.Found = &connector.Discovery{Reason: "Deleted items were not looked at."}
		}, dsr.Failed, "not looked at"},
		"all was looked at and nothing was found": {func(s *tasktest.System) {
			s.Found = &connector.Discovery{Asked: []connector.Asked{{Permission: "Read.All"}}}
		}, dsr.NothingFound, ""},
		"a part could not be had": {func(s *tasktest.System) {
			s.Outcome = dsr.Outcome{Code: dsr.Partial, Reason: "Sign-ins need a licence."}
		}, dsr.Partial, "licence"},
		"the system refuses": {func(s *tasktest.System) {
			s.Outcome = dsr.Outcome{Code: dsr.Refused, Reason: "A hold.", Basis: "GDPR Art. 15(4)"}
		}, dsr.Refused, "hold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tasktest.New(t, "alpha", "beta")
			tc.spoil(w.Systems["alpha"])
			id := w.Submit(dsr.Export)
			c := w.Host.Finish(id)
			require.Zero(t, w.Host.Failed)
			require.Equal(t, dsr.Completed, c.State, "one system never stops the package")
			require.Equal(t, tc.want, c.Task("alpha-export").Outcome.Code)
			require.Contains(t, c.Task("alpha-export").Outcome.Reason, tc.why)
			require.Equal(t, dsr.Done, c.Task("beta-export").Outcome.Code)
			w.Look(id)
		})
	}
}

// faulty prepares a request whose one task meets a fault, and runs its message once.
func faulty(t *testing.T, f func(n int) error) (*tasktest.World, string) {
	t.Helper()
	w := tasktest.New(t, "alpha")
	w.Systems["alpha"].OnPage = f
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.Fulfilling)
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
				w.Host.Put(store.QueueFulfil, store.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"})
				w.Host.Drain() // too early
				w.Clock.Advance(rest*time.Minute - 90*time.Second)
				w.Host.Pass(time.Second) // of a minute
				_, now := w.Systems["alpha"].Asked()
				require.Equal(t, before, now, "nobody disturbs the system while the task rests")
				w.Host.Pass(time.Minute)
			}
			c := w.Host.Finish(id)
			require.Equal(t, dsr.Failed, c.Task("alpha-export").Outcome.Code)
			require.Contains(t, c.Task("alpha-export").Outcome.Reason, "10 attempts")
			_, pages := w.Systems["alpha"].Asked()
			require.Equal(t, task.MaxAttempts, pages)
		})
	}
}

func TestACrashDoesNotLengthenTheRest(t *testing.T) {
	t.Parallel()
	w, id := faulty(t, func(n int) error { return unavailable(n, 1) })
	for range 4 { // workers that claim and die
		w.Clock.Advance(2 * time.Minute)
		_, err := w.Clean.Claim(context.Background(), w.Load(id), "alpha-export", "dead")
		require.NoError(t, err)
	}
	claim := w.Load(id).Task("alpha-export").Claim
	require.Equal(t, 5, claim.Count)
	require.Equal(t, 1, claim.Faults)
	require.Equal(t, dsr.Completed, w.Host.Finish(id).State)
}

// A system that gives a page and then stops again is slow, not dead: what it gave is kept, and its faults are not added up.
func TestASlowSystemComesToItsEnd(t *testing.T) {
	t.Parallel()
	calm := tasktest.New(t, "alpha")
	calm.Systems["alpha"].Pages = 12
	cid := calm.Submit(dsr.Export)
	calm.Host.Finish(cid)

	w := tasktest.New(t, "alpha")
	w.Fulfil.PartSize = 0 // parts are large: only an end stores one
	w.Systems["alpha"].Pages = 12
	w.Systems["alpha"].OnPage = func(n int) error { return unavailable(n%2, 1) }
	id := w.Submit(dsr.Export)
	w.Host.Finish(id)
	got, want := w.Look(id), calm.Look(cid)
	require.Equal(t, dsr.Done, w.Load(id).Task("alpha-export").Outcome.Code)
	require.Empty(t, cmp.Diff(want.Records, got.Records))
	require.Empty(t, cmp.Diff(want.Tasks, got.Tasks))
	require.Empty(t, cmp.Diff(want.Events, got.Events), "queries are neither lost nor doubled")
}

// One task's rest does not keep another one waiting whose message was lost.
func TestOneTaskRestsAndAnotherGoesOn(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.Systems["alpha"].OnPage = func(int) error {
		return &connector.Fault{Kind: connector.Throttled, System: "alpha", Status: 429, RetryAfter: time.Hour}
	}
	id := w.Submit(dsr.Export)
	w.Host.DrainTo(id, dsr.Fulfilling)
	w.Host.Fetch()
	w.Host.Drop()
	w.Host.Put(store.QueueFulfil, store.Message{Tenant: w.Tenant, Request: id, Task: "alpha-export"})
	w.Host.Drain()
	w.Host.Pass(2 * time.Minute)
	require.Equal(t, dsr.TaskEnded, w.Load(id).Task("beta-export").State)
	_, pages := w.Systems["alpha"].Asked()
	require.Equal(t, 1, pages)
}

func TestARecordThatCannotBeKeptFailsItsTask(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.Systems["alpha"].Kind = "nonsense"
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	require.Zero(t, w.Host.Failed)
	require.Equal(t, dsr.Completed, c.State)
	require.Equal(t, dsr.Failed, c.Task("alpha-export").Outcome.Code)
	require.Contains(t, c.Task("alpha-export").Outcome.Reason, "nonsense")
}

// What is neither a fault of the system nor of ours is tried again by the host, and ends with the poison.
func TestAnErrorWithoutANameEndsInPoison(t *testing.T) {
	t.Parallel()
	w := tasktest.New(t, "alpha", "beta")
	w.Systems["alpha"].OnPage = func(int) error { return errors.New("bug") }
	id := w.Submit(dsr.Export)
	c := w.Host.Finish(id)
	require.Equal(t, dsr.Completed, c.State)
	require.Equal(t, dsr.Failed, c.Task("alpha-export").Outcome.Code)
	require.Contains(t, c.Task("alpha-export").Outcome.Reason, "ten times")
	_, pages := w.Systems["alpha"].Asked()
	require.GreaterOrEqual(t, pages, 10)
	require.Positive(t, w.Host.Poisoned)
}
