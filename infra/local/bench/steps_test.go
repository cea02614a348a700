package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

func TestStepsAreAlikeWhenTheyCostTheSameAndReadNoRange(t *testing.T) {
	t.Parallel()
	cost := func(total, rows, ranges int) stepCost {
		return stepCost{"fulfil", calls.Page{Total: total, Rows: rows, Counts: map[string]int{"query requests": ranges, "query lists": 3}}}
	}
	for name, c := range map[string]struct {
		few, many stepCost
		want      bool
	}{
		"the same":           {cost(7, 2, 0), cost(7, 2, 0), true},
		"more calls":         {cost(7, 2, 0), cost(8, 2, 0), false},
		"more rows":          {cost(7, 2, 0), cost(7, 3, 0), false},
		"a range":            {cost(7, 2, 1), cost(7, 2, 1), false},
		"a range, only once": {cost(7, 2, 0), cost(7, 2, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.few.like(c.many))
		})
	}
}
