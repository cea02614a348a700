package store

import (
	"testing"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

func FuzzRows(f *testing.F) {
	f.Add("seq", int64(1), []byte{1})
	f.Add("tasks0", int64(0), []byte("null"))
	f.Add("tasks0", int64(0), []byte(`[{"id":"a"},{"id":"a"},{}]`))
	f.Add("parts0", int64(0), []byte(`[{"seq":1}]`))
	f.Add("wakes", int64(0), []byte(`{"redeliver":1}`))
	f.Fuzz(func(_ *testing.T, name string, n int64, b []byte) {
		for _, v := range []any{n, b, string(b), n > 0, time.UnixMilli(n)} {
			r := row.Stored("t|1", layout.RowHead, "", time.Time{}, map[string]any{name: v})
			s := &Store{}
			_, _ = s.caseOf("t", "1", r)
			readTask(&dsr.Task{}, r)
		}
	})
}
