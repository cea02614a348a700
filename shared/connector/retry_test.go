package connector_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

func fault(kind connector.FaultKind, after time.Duration) error {
	return &connector.Fault{Kind: kind, System: "alpha", RetryAfter: after}
}

// clockwork is a series of answers and when each was asked for.
type clockwork struct {
	answers []error
	start   time.Time
	at      []time.Duration
}

// call gives the answers in turn, and the last one for ever.
func (c *clockwork) call() error {
	c.at = append(c.at, time.Since(c.start))
	return c.answers[min(len(c.at), len(c.answers))-1]
}

func TestRetry(t *testing.T) {
	t.Parallel()
	ms := func(at ...int) (out []time.Duration) {
		for _, n := range at {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	away, broken := fault(connector.Unavailable, 0), errors.New("broken")
	throttled := func(after time.Duration) error { return fault(connector.Throttled, after) }
	for name, tc := range map[string]struct {
		patience time.Duration
		answers  []error
		at       []time.Duration // of each call, from the first
	}{
		"an answer":                             {20 * time.Second, []error{nil}, ms(0)},
		"an answer at the third try":            {20 * time.Second, []error{away, away, nil}, ms(0, 100, 300)},
		"the pause that was asked for":          {20 * time.Second, []error{throttled(5 * time.Second), throttled(250 * time.Millisecond), nil}, ms(0, 5000, 5250)},
		"at least a pause that grows":           {20 * time.Second, []error{away, throttled(time.Millisecond), nil}, ms(0, 100, 300)},
		"never an answer":                       {20 * time.Second, []error{away}, ms(0, 100, 300, 700, 1500, 3100, 6300, 9500, 12700, 15900, 19100)},
		"more time asked for than there is":     {20 * time.Second, []error{throttled(21 * time.Second)}, ms(0)},
		"all the time that there is":            {20 * time.Second, []error{throttled(20 * time.Second)}, ms(0, 20000)},
		"no patience":                           {0, []error{away}, ms(0)},
		"a missing permission":                  {20 * time.Second, []error{fault(connector.Forbidden, 0)}, ms(0)},
		"a request that is not understood":      {20 * time.Second, []error{away, fault(connector.Rejected, 0)}, ms(0, 100)},
		"an error that is not the system's own": {20 * time.Second, []error{broken}, ms(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &clockwork{answers: tc.answers, start: time.Now()}
				err := connector.Retry(connector.WithPatience(t.Context(), tc.patience), c.call)
				require.Equal(t, tc.at, c.at)
				require.Equal(t, tc.answers[min(len(c.at), len(tc.answers))-1], err)
			})
		})
	}
}

func TestRetryWithoutPatienceAsksOnce(t *testing.T) {
	t.Parallel()
	c := &clockwork{answers: []error{fault(connector.Unavailable, 0)}}
	require.Error(t, connector.Retry(t.Context(), c.call))
	require.Len(t, c.at, 1)
}

// One invocation makes many calls; a system that fails each of them now and then must not hold
// it for ever.
func TestTheCallsOfAnInvocationShareItsPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := connector.WithPatience(t.Context(), time.Second)
		start := time.Now()
		calls := 0
		for {
			c := &clockwork{answers: []error{fault(connector.Throttled, 300*time.Millisecond), nil}}
			err := connector.Retry(ctx, c.call)
			calls += len(c.at)
			if err != nil {
				break
			}
		}
		require.Equal(t, 7, calls, "three calls with a pause each, and one that found no patience left")
		require.Equal(t, 900*time.Millisecond, time.Since(start))
	})
}

func TestRetryEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(connector.WithPatience(t.Context(), time.Hour), time.Minute)
		defer cancel()
		c := &clockwork{answers: []error{fault(connector.Throttled, 40*time.Second)}, start: time.Now()}
		f := connector.AsFault(connector.Retry(ctx, c.call))
		require.NotNil(t, f)
		require.Len(t, c.at, 2)
		require.Equal(t, time.Minute, time.Since(c.start))
	})
}
