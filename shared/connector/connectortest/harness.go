package connectortest

import (
	"encoding/json"
	"testing"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Failure is a way in which the simulator misbehaves.
type Failure string

// The failures that the suite asks for. Each befalls every call until the next is set.
const (
	Works       Failure = ""
	Throttle    Failure = "throttle"    // refused with a pause of 30 s or more
	Unavailable Failure = "unavailable" // 503 or its like
	CutBody     Failure = "cut-body"    // a connection that closes in the middle of an answer
)

// Harness is what the suite needs to know of a connector.
type Harness struct {
	Entry connector.Entry
	// New starts a fresh simulator, which ends with the test.
	New func(t *testing.T) Simulation
}

// Simulation is a simulator with people in it.
type Simulation struct {
	// Settings reach the simulator with every permission that the descriptor names. The suite
	// sets Name, Log and Transport itself.
	Settings connector.Settings
	// BadToken are the settings with a credential that the simulator does not know.
	BadToken connector.Settings
	// Without returns the settings without the permission that a kind of record needs or, for
	// the kind "", without the one that look-ups need. It returns false where there is no such
	// permission.
	Without func(kind string) (connector.Settings, bool)

	// Known has at least one entry for each kind of identifier that the descriptor declares.
	// The values are at least five bytes long.
	Known []Known
	// Nobody are identifiers that no person has, of each declared kind.
	Nobody []dsr.Identifier
	// Shared is an identifier that two people share.
	Shared dsr.Identifier
	// Rich is the object id of somebody whose records take several pages.
	Rich string

	// Oracle returns what an export must hand over of a person, by kind, straight from the
	// simulator's store.
	Oracle func(object string) map[string][]json.RawMessage
	// Fail makes the simulator misbehave from now on.
	Fail func(Failure)
	// Calls counts the calls that reached the simulator.
	Calls func() int
	// Log returns what the simulator logged. It is nil for one that logs nothing.
	Log func() string
}

// Known is an identifier and whom it names.
type Known struct {
	Identifier dsr.Identifier
	Object     string
	// Partial is set where some of the person's records cannot be read, as those of a deleted
	// account. The export then ends as partial, and must hand over what the oracle says.
	Partial bool
}

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
