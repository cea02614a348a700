package dsr_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Ids have the forms that their comments say.
func TestIDsHaveTheirForms(t *testing.T) {
	t.Parallel()
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	name := regexp.MustCompile(`^[a-z][0-9a-z-]{0,62}$`)
	taskID := regexp.MustCompile(`^[a-z][0-9a-z-]{0,79}$`)
	forms := []*rapid.Generator[string]{
		rapid.String(), rapid.StringMatching(guid.String()), rapid.StringMatching(`[0-9a-fA-Fg-]{35,37}`), rapid.StringMatching(`[0-9a-zA_-]{0,82}`),
		rapid.StringMatching(`[a-z][0-9a-z-]{0,82}`),
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(forms...).Draw(t, "id")
		require.Equal(t, guid.MatchString(s), dsr.ValidGUID(s))
		require.Equal(t, name.MatchString(s), dsr.ValidName(s))
		require.Equal(t, taskID.MatchString(s), dsr.ValidTaskID(s))
	})
}
