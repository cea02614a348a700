package connectortest

import (
	"testing"
)

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	tests := []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"the descriptor is valid", testDescriptor},
		{"finds a person by each kind of identifier", testFinds},
		{"proves that it knows nobody", testNobody},
		{"leaves people who share an identifier to a human", testShared},
		{"leaves identifiers that contradict each other to a human", testContradiction},
		{"looks for the decided object only", testDecided},
		{"exports what the oracle holds", testExport},
		{"hands over the kinds of the scope only", testScope},
		{"resumes from every cursor", testResume},
		{"does the same twice", testTwice},
		{"says what can be tried again", testFailures},
		{"asks again while it is let wait", testPatience},
		{"keeps what it looks for to itself", testSilence},
		{"never calls a missing permission no data", testPermissions},
		{"reports a refused token", testBadToken},
		{"stops within a page", testCancel},
		{"takes the sink's error for its own", testSinkError},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.test(t, newBench(t, h))
		})
	}
}
