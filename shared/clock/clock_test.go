package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

func TestStored(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 30, 0, 123456789, time.FixedZone("", 3600))
	require.Equal(t, time.Date(2026, 3, 2, 9, 30, 0, 123e6, time.UTC), clock.Stored(at))
	require.True(t, clock.Stored(time.Time{}).IsZero())
}
