package dsr

import (
	"fmt"
	"slices"
)

// State is how far a request has come.
type State string

// The states of a request.
const (
	StateNone          State = "" // before it was received
	StateReceived      State = "received"
	StateDiscovering   State = "discovering"
	StateNeedsDecision State = "needs-decision"
	StateFulfilling    State = "fulfilling"
	StateAssembling    State = "assembling"
	StateWaiting       State = "waiting"
	StateCompleted     State = "completed"
	StateFailed        State = "failed"
	StateCancelled     State = "cancelled"
)

// States are all states that a stored request can be in, in the order of the state table.
func States() []State {
	var out []State
	for _, t := range transitions {
		if !slices.Contains(out, t.To) {
			out = append(out, t.To)
		}
	}
	return out
}

// Final reports whether no step will move the request any further by itself.
func (s State) Final() bool { return s == StateCompleted || s == StateFailed || s == StateCancelled }

// Working reports whether workers are at it: one such state follows the other within moments, when
// nothing stands in the way.
func (s State) Working() bool {
	return s == StateDiscovering || s == StateFulfilling || s == StateAssembling
}

// EventType is what happened.
type EventType string

// The events.
const (
	EventReceived         EventType = "received"
	EventDiscoveryStarted EventType = "discovery-started"
	EventDiscovered       EventType = "discovered" // one system's discovery ended
	// several people match, or identifiers contradict each other
	EventCandidatesFound EventType = "candidates-found"
	EventDecided         EventType = "decided" // a person chose a candidate
	EventPlanned         EventType = "planned" // every discovery has ended
	EventTaskEnded       EventType = "task-ended"
	EventTaskWaiting     EventType = "task-waiting" // manual or pending
	EventTasksEnded      EventType = "tasks-ended"  // no task is left that a worker could do
	EventAnswered        EventType = "answered"     // the package is ready: the legal clock ends
	// the copies lie safe: the tasks with an effect can be done
	EventEffectsBegun    EventType = "effects-begun"
	EventEffectsEnded    EventType = "effects-ended" // no effect is left that a worker could do
	EventCompleted       EventType = "completed"
	EventAssemblyFailed  EventType = "assembly-failed"
	EventRetried         EventType = "retried"
	EventCancelled       EventType = "cancelled"
	EventPackageExpiring EventType = "package-expiring" // marked: its deletion has begun
	EventPackageExpired  EventType = "package-expired"  // a read answered 404
	// a package that was ready is not where it was put, and nobody here deleted it
	EventPackageMissing EventType = "package-missing"
	// what a package left that was replaced or given up is gone: a read answered 404
	EventPackageRemoved EventType = "package-removed"
)

// EventTypes are all types of event, in the order of the state table.
func EventTypes() []EventType {
	var out []EventType
	for _, t := range transitions {
		if !slices.Contains(out, t.On) {
			out = append(out, t.On)
		}
	}
	return out
}

// transition is one row of the state table.
type transition struct {
	From State
	On   EventType
	To   State
}

// transitions is the whole state table. What is not in it cannot happen. The diagram in the
// README is generated from it.
var transitions = []transition{
	{StateNone, EventReceived, StateReceived},

	{StateReceived, EventDiscoveryStarted, StateDiscovering},
	{StateDiscovering, EventDiscovered, StateDiscovering},
	{StateDiscovering, EventCandidatesFound, StateNeedsDecision},
	{StateNeedsDecision, EventDecided, StateDiscovering},
	{StateDiscovering, EventPlanned, StateFulfilling},
	{StateFulfilling, EventTasksEnded, StateAssembling},
	{StateAssembling, EventAnswered, StateWaiting},
	{StateWaiting, EventEffectsBegun, StateFulfilling},
	{StateFulfilling, EventEffectsEnded, StateWaiting},
	{StateWaiting, EventCompleted, StateCompleted},
	{StateAssembling, EventAssemblyFailed, StateFailed},

	// A manual task belongs to a person, who may end it at any time before the request is over.
	{StateReceived, EventTaskEnded, StateReceived},
	{StateDiscovering, EventTaskEnded, StateDiscovering},
	{StateNeedsDecision, EventTaskEnded, StateNeedsDecision},
	{StateFulfilling, EventTaskEnded, StateFulfilling},
	{StateAssembling, EventTaskEnded, StateAssembling},
	{StateWaiting, EventTaskEnded, StateWaiting},

	{StateDiscovering, EventTaskWaiting, StateDiscovering},
	{StateFulfilling, EventTaskWaiting, StateFulfilling},

	// Failed tasks are opened again with a new discovery: what was there may have changed since.
	{StateWaiting, EventRetried, StateDiscovering},
	{StateCompleted, EventRetried, StateDiscovering},
	{StateFailed, EventRetried, StateDiscovering},

	{StateReceived, EventCancelled, StateCancelled},
	{StateDiscovering, EventCancelled, StateCancelled},
	{StateNeedsDecision, EventCancelled, StateCancelled},
	{StateFulfilling, EventCancelled, StateCancelled},
	{StateAssembling, EventCancelled, StateCancelled},
	{StateWaiting, EventCancelled, StateCancelled},

	// A package expires on its own clock, whatever became of its request in the meantime, and so
	// ends what a former one left.
	{StateDiscovering, EventPackageExpiring, StateDiscovering},
	{StateNeedsDecision, EventPackageExpiring, StateNeedsDecision},
	{StateFulfilling, EventPackageExpiring, StateFulfilling},
	{StateAssembling, EventPackageExpiring, StateAssembling},
	{StateWaiting, EventPackageExpiring, StateWaiting},
	{StateCompleted, EventPackageExpiring, StateCompleted},
	{StateFailed, EventPackageExpiring, StateFailed},
	{StateCancelled, EventPackageExpiring, StateCancelled},
	{StateDiscovering, EventPackageExpired, StateDiscovering},
	{StateNeedsDecision, EventPackageExpired, StateNeedsDecision},
	{StateFulfilling, EventPackageExpired, StateFulfilling},
	{StateAssembling, EventPackageExpired, StateAssembling},
	{StateWaiting, EventPackageExpired, StateWaiting},
	{StateCompleted, EventPackageExpired, StateCompleted},
	{StateFailed, EventPackageExpired, StateFailed},
	{StateCancelled, EventPackageExpired, StateCancelled},
	{StateDiscovering, EventPackageMissing, StateDiscovering},
	{StateNeedsDecision, EventPackageMissing, StateNeedsDecision},
	{StateFulfilling, EventPackageMissing, StateFulfilling},
	{StateAssembling, EventPackageMissing, StateAssembling},
	{StateWaiting, EventPackageMissing, StateWaiting},
	{StateCompleted, EventPackageMissing, StateCompleted},
	{StateFailed, EventPackageMissing, StateFailed},
	{StateCancelled, EventPackageMissing, StateCancelled},
	{StateDiscovering, EventPackageRemoved, StateDiscovering},
	{StateNeedsDecision, EventPackageRemoved, StateNeedsDecision},
	{StateFulfilling, EventPackageRemoved, StateFulfilling},
	{StateAssembling, EventPackageRemoved, StateAssembling},
	{StateWaiting, EventPackageRemoved, StateWaiting},
	{StateCompleted, EventPackageRemoved, StateCompleted},
	{StateFailed, EventPackageRemoved, StateFailed},
	{StateCancelled, EventPackageRemoved, StateCancelled},
}

// StateError says that an event cannot happen in a state.
type StateError struct {
	State State
	Event EventType
}

func (e *StateError) Error() string {
	return fmt.Sprintf("a request that is %q cannot take the event %q", e.State, e.Event)
}

// Next returns the state that follows, or a *StateError.
func Next(from State, on EventType) (State, error) {
	for _, t := range transitions {
		if t.From == from && t.On == on {
			return t.To, nil
		}
	}
	return from, &StateError{State: from, Event: on}
}

// Diagram is the state table as a Mermaid state diagram. Events that leave the state as it is
// are left out.
func Diagram() string {
	out := "stateDiagram-v2\n"
	for _, t := range transitions {
		from := string(t.From)
		switch {
		case t.From == t.To:
			continue
		case t.From == StateNone:
			from = "[*]"
		}
		out += fmt.Sprintf("    %s --> %s: %s\n", from, t.To, t.On)
	}
	return out
}
