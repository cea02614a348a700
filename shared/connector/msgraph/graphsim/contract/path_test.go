package contract

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheContractLoadsFast(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	_, err := Load()
	require.NoError(t, err)
	require.Less(t, time.Since(begin), 10*time.Second, "about 0.1 s on an idle machine")
}

// FuzzPath holds that hostile paths neither panic nor reach an operation under another number
// of segments.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"users/a", "users('a')", "users('a''b')/manager", "users/%2e%2e/x", "users('", "users/$ref", "a//b", "%zz", "users/x(y={z},q=1)"} {
		f.Add(seed)
	}
	api, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, err := SplitPath(path)
		if err != nil {
			return
		}
		if op, _, _ := api.Find("GET", segments); op != nil && len(op.segments) != len(segments) {
			t.Fatal("matched a template of another length")
		}
	})
}
