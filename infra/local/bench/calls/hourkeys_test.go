package calls

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHourKeysAreToldFromKeysOfCases(t *testing.T) {
	t.Parallel()
	insert := func(target, key string) Call {
		return Call{Op: Insert, Target: target, Rows: []Row{{Verb: "POST", Entity: entity(t, key, nil)}}}
	}
	hour, ofCase := insert("keys", "h|2026030209"), insert("keys", "2026030209-00000000000000000000000000000000")
	look, head := Call{Op: Get, Target: "keys"}, insert("requests", "h|x")
	chunk := Call{Op: Change, Target: "keys", Rows: append(ofCase.Rows, ofCase.Rows...)}
	all := []Call{look, hour, ofCase, head, chunk, {Op: Get, Target: "requests"}}
	require.Equal(t, 1, Wraps(all))
	var of []bool
	for _, c := range all {
		of = append(of, c.OfHourKey())
	}
	require.Equal(t, []bool{true, true, false, false, false, false}, of)
}
