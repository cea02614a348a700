package graphsim_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule  graphsim.FaultRule
		check func(*testing.T, response)
	}{
		"throttled with a time to wait": {graphsim.FaultRule{Throttle: 1, RetryAfter: "2.128"}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusTooManyRequests, r.status)
			require.Equal(t, "2.128", r.header.Get("Retry-After"))
			requireODataError(t, r)
		}},
		"throttled without": {graphsim.FaultRule{ThrottleSilent: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusTooManyRequests, r.status)
			require.Empty(t, r.header.Values("Retry-After"))
		}},
		"unavailable": {graphsim.FaultRule{Unavailable: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusServiceUnavailable, r.status)
		}},
		"server error": {graphsim.FaultRule{ServerError: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusInternalServerError, r.status)
			require.Equal(t, "generalException", r.code())
		}},
		"cut body": {graphsim.FaultRule{CutBody: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusOK, r.status)
			require.Error(t, r.err, "the connection ends before the declared length")
			require.NotEmpty(t, r.raw)
		}},
		"a proxy's page": {graphsim.FaultRule{Wrong: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusOK, r.status)
			require.Nil(t, r.body)
		}},
		"slow and right": {graphsim.FaultRule{Latency: "1ms"}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusOK, r.status)
		}},
		"another path": {graphsim.FaultRule{Path: "/users/{user-id}", ServerError: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusOK, r.status)
		}},
		"another tenant": {graphsim.FaultRule{Tenant: tenantB, ServerError: 1}, func(t *testing.T, r response) {
			require.Equal(t, http.StatusOK, r.status)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, server := start(t, options(smallDirectory()))
			require.NoError(t, sim.SetFaults(graphsim.Faults{Rules: []graphsim.FaultRule{c.rule}}))
			c.check(t, get(t, "token-a", server.URL+"/v1.0/users"))
			require.Equal(t, 1, sim.Stats().Calls)
		})
	}
}

func TestFaultsAreRepeatable(t *testing.T) {
	t.Parallel()
	run := func() (out []int, stats graphsim.Stats) {
		sim, server := start(t, options(smallDirectory()))
		require.NoError(t, sim.SetFaults(graphsim.Faults{Seed: 7, Rules: []graphsim.FaultRule{{Throttle: 0.3, Unavailable: 0.2}}}))
		for range 60 {
			out = append(out, get(t, "token-a", server.URL+"/v1.0/users").status)
		}
		return out, sim.Stats()
	}
	first, stats := run()
	second, _ := run()
	require.Equal(t, first, second)
	require.Equal(t, 60, stats.Calls)
	require.Equal(t, 60, stats.Routes["GET /users"])
	require.Equal(t, 60, stats.Statuses["200"]+stats.Statuses["429"]+stats.Statuses["503"])
	require.Equal(t, stats.Statuses["429"], stats.Faults["throttle"])
	require.Positive(t, stats.Faults["unavailable"])
}

func TestFaultsEnd(t *testing.T) {
	t.Parallel()
	sim, server := start(t, options(smallDirectory()))
	require.NoError(t, sim.SetFaults(graphsim.Faults{Rules: []graphsim.FaultRule{{Throttle: 1, Times: 2}}}))
	for _, want := range []int{429, 429, 200, 200} {
		require.Equal(t, want, get(t, "token-a", server.URL+"/v1.0/users").status)
	}
}

func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	sim, _ := start(t, options(smallDirectory()))
	for name, rule := range map[string]graphsim.FaultRule{
		"negative rate":       {Throttle: -0.1},
		"rates over one":      {Throttle: 0.6, CutBody: 0.6},
		"no duration":         {Latency: "soon"},
		"negative duration":   {Latency: "-1s"},
		"an hour":             {Latency: "1h"},
		"no number to wait":   {RetryAfter: "later"},
		"negative end":        {Times: -1},
		"negative to wait":    {RetryAfter: "-1"},
		"not a number of any": {RetryAfter: "NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, sim.SetFaults(graphsim.Faults{Rules: []graphsim.FaultRule{rule}}))
		})
	}
}
