package connector

import (
	"errors"
	"fmt"
	"time"
)

// FaultKind says what went wrong upstream, and thereby what to do about it.
type FaultKind string

// The kinds of fault.
const (
	Throttled   FaultKind = "throttled"   // try again after RetryAfter
	Unavailable FaultKind = "unavailable" // 5xx, time-outs, cut bodies: try again
	Forbidden   FaultKind = "forbidden"   // the permission is missing: "no right to see" is never "no data"
	Rejected    FaultKind = "rejected"    // the system does not understand us: no try will help
)

// Fault is an error of a system. Its text holds no personal data: codes and the system's own
// request id only.
type Fault struct {
	Kind       FaultKind
	System     string
	Code       string        // the system's error code, such as "Authorization_RequestDenied"
	Status     int           // HTTP status; 0 when there was no answer
	Permission string        // which one is missing, of a Forbidden
	RequestID  string        // the system's, for its support
	RetryAfter time.Duration // 0 when the system did not say
}

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
