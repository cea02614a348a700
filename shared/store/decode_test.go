package store

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

func FuzzCursor(f *testing.F) {
	s := &Store{idKey: make([]byte, 32)}
	q := ListQuery{Tenants: []string{"t"}}
	l, err := s.newList(q)
	require.NoError(f, err)
	f.Add(l.cursor("n|0000000000000|x"))
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
			require.Equal(t, cursor, strings.TrimRight(l.cursor(strings.TrimSuffix(l.from, "!")), "="), "only what we made")
		}
	})
}

func FuzzRows(f *testing.F) {
	f.Add("seq", int64(1), []byte{1})
	f.Add("tasks0", int64(0), []byte("null"))
	f.Add("late0", int64(0), []byte(`[{"seq":1}]`))
	f.Add("wakes", int64(0), []byte(`{"redeliver":1}`))
	f.Fuzz(func(_ *testing.T, name string, n int64, b []byte) {
		for _, v := range []any{n, b, string(b), n > 0, time.UnixMilli(n)} {
			r := row.Stored("t|1", layout.RowHead, "", time.Time{}, map[string]any{name: v})
			s := &Store{}
			_, _ = s.caseOf("t", "1", r, nil)
			_, _ = s.bulkOf("t", "1", r)
			_ = readTask(r)
			_, _ = readWake(r)
		}
	})
}
