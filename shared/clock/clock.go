// Package clock holds the wall clock and the business clock as values that are passed as
// arguments.
package clock

import "time"

// Clocks are the two clocks. Wall is the time of the machine: leases, redelivery, links and tokens
// follow it. Business is the time of the law: deadlines, windows and retention follow it, and the
// local world can move it. Both return UTC.
type Clocks struct {
	Wall     func() time.Time
	Business func() time.Time
}

// Same makes both clocks show the same time, as on a platform, where the business clock is
// never moved.
func Same(now func() time.Time) Clocks { return Clocks{Wall: now, Business: now} }

// Stored returns a time as it is kept in storage and packages: in UTC and whole milliseconds.
// The zero time stays as it is.
func Stored(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
