package app

import "runtime/debug"

// What the garbage collector is told, unless GOGC or GOMEMLIMIT say otherwise. A handler that waits
// needs some 10 MiB, so by the usual setting it would collect after each 10 MiB that a request
// allocates: a tenth of its processor time and more (part (g) of make bench). Near the limit it
// collects as often as is needed to stay below.
const (
	gcPercent   = 400
	memoryLimit = 256 << 20 // bytes of the whole process; half of the smallest instance of Azure
)

// collectSeldom sets up the garbage collector.
func collectSeldom(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
