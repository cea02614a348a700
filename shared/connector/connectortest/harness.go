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
