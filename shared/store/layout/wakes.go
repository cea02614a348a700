package layout

import (
	"time"

	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// WakesOut returns wakes as a head stores them: in milliseconds.
func WakesOut(wakes map[retention.WakeKind]time.Time) map[retention.WakeKind]int64 {
	out := map[retention.WakeKind]int64{}
	for k, at := range wakes {
		out[k] = ClampMillis(at)
	}
	return out
}

// WakesIn returns the wakes of a stored head.
func WakesIn(wakes map[retention.WakeKind]int64) map[retention.WakeKind]time.Time {
	out := map[retention.WakeKind]time.Time{}
	for k, ms := range wakes {
		out[k] = time.UnixMilli(ms).UTC()
	}
	return out
}
