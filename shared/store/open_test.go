package store_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	c, err := account.ConnectString("UseDevelopmentStorage=true", account.ClientOptions(nil))
	require.NoError(t, err)
	wrapper, err := store.NewFileKey(pii.Key{Version: 1, Key: make([]byte, 32)})
	require.NoError(t, err)
	clocks := clock.Clocks{Wall: time.Now}
	in, err := c.Services(account.ServicesOptions{Clocks: clocks})
	require.NoError(t, err)
	_, err = c.Services(account.ServicesOptions{})
	require.Error(t, err, "blobs without a clock")
	_, err = queue.New(nil, "")
	require.Error(t, err)
	good := store.Options{
		Tables: in.Tables, Blobs: in.Blobs, Queues: in.Queues, Wrapper: wrapper, IDKey: make([]byte, 32), CursorKey: make([]byte, 32), Clocks: clocks, Log: slog.Default(),
	}
	_, err = store.Open(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*store.Options){
		"no tables":        func(o *store.Options) { o.Tables = nil },
		"no blobs":         func(o *store.Options) { o.Blobs = nil },
		"no queues":        func(o *store.Options) { o.Queues = nil },
		"no wrapper":       func(o *store.Options) { o.Wrapper = nil },
		"short id key":     func(o *store.Options) { o.IDKey = o.IDKey[:31] },
		"short cursor key": func(o *store.Options) { o.CursorKey = o.CursorKey[:31] },
		"no clock":         func(o *store.Options) { o.Clocks.Wall = nil },
	} {
		o := good
		spoil(&o)
		_, err := store.Open(o)
		require.Error(t, err, name)
	}
}

func TestFileKey(t *testing.T) {
	t.Parallel()
	k1 := pii.Key{Version: 1, Key: bytes.Repeat([]byte{1}, 32)}
	k2 := pii.Key{Version: 2, Key: bytes.Repeat([]byte{2}, 32)}
	old, err := store.NewFileKey(k1)
	require.NoError(t, err)
	both, err := store.NewFileKey(k2, k1)
	require.NoError(t, err)
	key := bytes.Repeat([]byte{9}, 32)
	a, err := old.Wrap(bg, key)
	require.NoError(t, err)
	b, err := both.Wrap(bg, key)
	require.NoError(t, err)
	for _, wrapped := range [][]byte{a, b} {
		got, err := both.Unwrap(bg, wrapped)
		require.NoError(t, err)
		require.Equal(t, key, got)
		require.NotContains(t, string(wrapped), string(key))
	}
	_, err = old.Unwrap(bg, b)
	require.Error(t, err, "a version that is not here")
	for i := range a {
		bad := bytes.Clone(a)
		bad[i] ^= 1
		_, err = old.Unwrap(bg, bad)
		require.Error(t, err, "byte %d", i)
	}
	_, err = old.Unwrap(bg, []byte{1})
	require.Error(t, err)
	for name, keys := range map[string][]pii.Key{"none": nil, "short": {{Version: 1, Key: []byte("x")}}, "twice": {k1, k1}, "version 0": {{Key: k1.Key}}} {
		_, err := store.NewFileKey(keys...)
		require.Error(t, err, name)
	}
}
