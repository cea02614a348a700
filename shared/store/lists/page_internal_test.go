package lists

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/stretchr/testify/require"
)

func FuzzCursor(f *testing.F) {
	s := &Lists{o: Options{CursorKey: make([]byte, 32)}}
	q := Query{Tenants: []string{"t"}}
	l, err := s.newList(q)
	require.NoError(f, err)
	f.Add(l.cursor("0000000000000|x"))
	f.Add("")
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 40)))
	f.Fuzz(func(t *testing.T, cursor string) {
		q := q
		q.Cursor = cursor
		l, err := s.newList(q)
		if err != nil {
			require.ErrorIs(t, err, ErrCursor)
			return
		}
		if cursor != "" {
			require.Equal(t, cursor, strings.TrimRight(l.cursor(l.after), "="), "only a cursor that was made here is accepted")
		}
	})
}

func FuzzWake(f *testing.F) {
	f.Add("w|wake|wall|0000000000001|redeliver|a", `["n|1|a"]`, "key")
	f.Add("w|wake|wall|x|redeliver|a", `[`, "")
	f.Add("w", "", "")
	f.Fuzz(func(_ *testing.T, key, rows, owner string) {
		_, _ = readWake(row.Stored("t|1", key, "", time.Time{}, map[string]any{"rows": rows, "key": owner, "bulk": true}))
	})
}
