package seal_test

import (
	"bytes"
	"testing"

	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
	"github.com/stretchr/testify/require"
)

func TestFileKey(t *testing.T) {
	t.Parallel()
	k1 := pii.Key{Version: 1, Key: bytes.Repeat([]byte{1}, 32)}
	k2 := pii.Key{Version: 2, Key: bytes.Repeat([]byte{2}, 32)}
	old, err := seal.NewFileKey(k1)
	require.NoError(t, err)
	both, err := seal.NewFileKey(k2, k1)
	require.NoError(t, err)
	key := bytes.Repeat([]byte{9}, 32)
	a, err := old.Wrap(t.Context(), key)
	require.NoError(t, err)
	b, err := both.Wrap(t.Context(), key)
	require.NoError(t, err)
	for _, wrapped := range [][]byte{a, b} {
		got, err := both.Unwrap(t.Context(), wrapped)
		require.NoError(t, err)
		require.Equal(t, key, got)
		require.NotContains(t, string(wrapped), string(key))
	}
	_, err = old.Unwrap(t.Context(), b)
	require.Error(t, err, "a version that the file does not hold")
	for i := range a {
		bad := bytes.Clone(a)
		bad[i] ^= 1
		_, err = old.Unwrap(t.Context(), bad)
		require.Error(t, err, "byte %d", i)
	}
	_, err = old.Unwrap(t.Context(), []byte{1})
	require.Error(t, err)
	for name, keys := range map[string][]pii.Key{"no key": nil, "short": {{Version: 1, Key: []byte("x")}}, "twice": {k1, k1}, "version 0": {{Key: k1.Key}}} {
		_, err := seal.NewFileKey(keys...)
		require.Error(t, err, name)
	}
}
