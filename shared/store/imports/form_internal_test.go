package imports

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rightsdesk/rightsdesk/shared/dsr/filltest"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/stretchr/testify/require"
)

func TestEveryFieldOfAnImportIsStored(t *testing.T) {
	t.Parallel()
	var b Case
	filltest.Fill(t, &b)
	b.Import.Claim.Faults = 0 // an import calls no system that could fail
	r := b.row([]string{"write"})
	require.NoError(t, r.Err())
	got, err := (&Imports{}).caseOf(b.Tenant, b.ID, r)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(b.Import, got.Import))
	require.Equal(t, []string{"write"}, got.writes)
}

func FuzzImport(f *testing.F) {
	f.Add("wakes", `{"bulk":1}`, int64(1))
	f.Add("writes", `[`, int64(0))
	f.Fuzz(func(_ *testing.T, name, text string, n int64) {
		for _, v := range []any{text, n, []byte(text), time.UnixMilli(n)} {
			_, _ = (&Imports{}).caseOf("t", "1", row.Stored("t|1", layout.RowBulk, "", time.Time{}, map[string]any{name: v}))
		}
	})
}
