package cli

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABarOnATerminal(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		total int64
		done  []int64
		shows string
	}{
		"to the end":            {10, []int64{1, 5, 5, 10}, "(10/10"},
		"longer than thought":   {3, []int64{2, 8}, "(8/8"},
		"shorter than thought":  {9, []int64{4}, "(4/9"},
		"nothing to be done":    {0, nil, ""},
		"more than none at all": {0, []int64{2}, "(2/2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p := &progress{out: &out, terminal: true}
			p.begin("importing", "lines", tc.total)
			for _, n := range tc.done {
				p.set(n)
			}
			p.end()
			require.Contains(t, out.String(), tc.shows)
			if len(tc.done) > 0 {
				require.Contains(t, out.String(), "importing")
				require.Equal(t, byte('\n'), out.Bytes()[out.Len()-1], "what follows begins on a line of its own")
			}
		})
	}
}
