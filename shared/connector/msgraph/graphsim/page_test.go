package graphsim

import "testing"

// FuzzCursor holds that no token leads outside the list.
func FuzzCursor(f *testing.F) {
	f.Add(cursor{offset: 3}.token(7))
	f.Add("LTE")
	records := []Record{{"id": "1"}, {"id": "2"}}
	f.Fuzz(func(_ *testing.T, token string) {
		_, _ = Query{skiptoken: token}.paginate(records, 7, 1, false)
	})
}
