package retention

import "github.com/rightsdesk/rightsdesk/shared/dsr"

// WakeKind says what a wake is for.
type WakeKind string

// The kinds of wake.
const (
	WakeRedeliver  WakeKind = "redeliver"   // send the messages of what is workable again
	WakePackage    WakeKind = "package"     // the package's retention ends
	WakeParts      WakeKind = "parts"       // parts are to be deleted
	WakeBulk       WakeKind = "bulk"        // an import is to be continued
	WakeBulkInput  WakeKind = "bulk-input"  // an import's input is to be deleted
	WakeBulkResult WakeKind = "bulk-result" // an import's result is to be deleted
)

// Clock says which time a wake follows.
type Clock string

// The clocks.
const (
	WallClock     Clock = "wall"
	BusinessClock Clock = "business"
)

// Clock is the clock that a kind of wake follows, as the table says: messages are sent again by
// wall time, and what is kept ends by business time.
func (k WakeKind) Clock() Clock {
	for _, r := range table {
		if r.Wake == k {
			return r.Clock
		}
	}
	return BusinessClock
}

// Wakes are the kinds of wake that a step handles, in the order of the table.
func Wakes(step dsr.Step) []WakeKind {
	var out []WakeKind
	for _, r := range table {
		if r.Wake != "" && r.By == string(step) {
			out = append(out, r.Wake)
		}
	}
	return out
}
