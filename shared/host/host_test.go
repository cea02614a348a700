package host

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnInvocationIDHasItsForm(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "x", strings.Repeat("g", 36), strings.Repeat("a", 35) + "\n"} {
		require.Empty(t, InvocationID(WithInvocation(t.Context(), id)))
	}
	const id = "f526c39c-531c-4de7-ae31-ddfd8bfceafb"
	require.Equal(t, id, InvocationID(WithInvocation(t.Context(), id)))
}

func TestTimerPayload(t *testing.T) {
	t.Parallel()
	for pastDue, want := range map[bool]string{true: `{"pastDue":true}`, false: `{"pastDue":false}`} {
		got, err := TimerPayload(pastDue)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
