package connector

import (
	"errors"
	"fmt"
	"time"
)

// FaultKind says what went wrong in a system, and so what can be done about it.
type FaultKind string

// The kinds of fault.
const (
	Throttled   FaultKind = "throttled"   // try again after RetryAfter
	Unavailable FaultKind = "unavailable" // 5xx, time-outs, cut bodies: try again
	Forbidden   FaultKind = "forbidden"   // the permission is missing, which never means "no data"
	Rejected    FaultKind = "rejected"    // the request is not accepted: trying again does not help
)

// Fault is a failure of a system. It holds codes and the system's request id, never personal data.
type Fault struct {
	Kind       FaultKind
	System     string
	Code       string        // the system's error code, such as "Authorization_RequestDenied"
	Status     int           // HTTP status; 0 when there was no answer
	Permission string        // the one that is missing, of a Forbidden
	RequestID  string        // the system's own, for its support
	RetryAfter time.Duration // 0 when the system did not say
}

// Error names the system and the codes.
func (f *Fault) Error() string {
	s := fmt.Sprintf("%s: %s", f.System, f.Kind)
	if f.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d %s)", f.Status, f.Code)
	} else if f.Code != "" {
		s += " (" + f.Code + ")"
	}
	if f.Permission != "" {
		s += ", permission " + f.Permission + " is missing"
	}
	if f.RequestID != "" {
		s += ", request id " + f.RequestID
	}
	return s
}

// AsFault returns the fault in err's chain, or nil.
func AsFault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// Retryable reports whether a later try may succeed.
func (f *Fault) Retryable() bool { return f.Kind == Throttled || f.Kind == Unavailable }
