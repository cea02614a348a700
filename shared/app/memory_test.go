package app

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// The setting is the process's own, so this test runs beside no other and puts it back.
func TestTheCollectorIsLeftAloneWhenTheEnvironmentSetsIt(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	now := func() (int, int64) {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p, debug.SetMemoryLimit(-1)
	}
	collectSeldom(func(string) string { return "off" })
	p, l := now()
	require.Equal(t, 100, p)
	require.EqualValues(t, math.MaxInt64, l)
	collectSeldom(func(string) string { return "" })
	p, l = now()
	require.Equal(t, gcPercent, p)
	require.EqualValues(t, memoryLimit, l)
}
