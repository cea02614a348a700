package budget_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
)

func TestBudgetsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for name, timeout := range map[string]time.Duration{
		"a function on Azure": 10 * time.Minute, "the longest function on Lambda": 15 * time.Minute, "a short one": 30 * time.Second,
	} {
		b := budget.Of(timeout)
		require.Positive(t, b.Sweep, name)
		require.LessOrEqual(t, b.Sweep, b.Work, name)
		require.Less(t, b.Sweep, time.Minute, "%s: a sweep ends before the next one begins", name)
		require.Less(t, b.Next, b.Work, name)
		require.Less(t, b.Work, b.Stop, name)
		require.Less(t, b.Stop, b.End, name)
		require.LessOrEqual(t, b.End, timeout/2, name)
	}
	require.Equal(t, budget.Budget{
		Next: time.Minute, Sweep: 45 * time.Second, Work: 4 * time.Minute, Stop: 4*time.Minute + 30*time.Second, End: 5 * time.Minute,
	}, budget.Of(10*time.Minute), "as the table says")
}

func TestTheTimeOfAnInvocation(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	in := budget.Of(10 * time.Minute).Begin(clock.Same(func() time.Time { return now }))
	for _, at := range []struct {
		after            time.Duration
		mayBegin, usedUp bool
	}{
		{0, true, false}, {time.Minute - 1, true, false}, {time.Minute, false, false}, {4*time.Minute - 1, false, false}, {4 * time.Minute, false, true},
	} {
		now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Add(at.after)
		require.Equal(t, at.mayBegin, in.MayBegin(), at.after)
		require.Equal(t, at.usedUp, in.UsedUp(), at.after)
	}
	half := in.Half()
	now = time.Date(2030, 1, 1, 0, 2, 0, 0, time.UTC)
	require.True(t, half.UsedUp())
	require.False(t, in.UsedUp())
	var never budget.Time
	require.False(t, never.Half().UsedUp())
	require.True(t, never.MayBegin())
	require.False(t, never.UsedUp())
}

func TestCallsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after time.Duration
		ended bool
	}{"after Stop": {5 * time.Minute, true}, "before": {time.Minute, false}} {
		began := time.Now()
		now := began
		in := budget.Of(10 * time.Minute).Begin(clock.Same(func() time.Time { return now }))
		now = began.Add(c.after)
		calls, stop := in.Calls(t.Context())
		require.Equal(t, c.ended, calls.Err() != nil && budget.Ended(calls), name)
		stop()
		require.Equal(t, c.ended, budget.Ended(calls), "%s: the end of the step is not the end of its time", name)
	}
	calls, stop := budget.Time{}.Calls(t.Context())
	defer stop()
	require.NoError(t, calls.Err())
}
