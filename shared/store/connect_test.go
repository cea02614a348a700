package store_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

func TestConnect(t *testing.T) {
	t.Parallel()
	key := "c2VjcmV0LWtleQ=="
	for name, c := range map[string]struct{ in, blob, queue string }{
		"development": {"UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1", "http://127.0.0.1:10001/devstoreaccount1"},
		"azure": {
			"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + key + ";EndpointSuffix=core.usgovcloudapi.net",
			"https://acct.blob.core.usgovcloudapi.net/", "https://acct.queue.core.usgovcloudapi.net/",
		},
		"endpoints": {
			"AccountName=acct;AccountKey=" + key + ";BlobEndpoint=http://127.0.0.1:1/acct/;QueueEndpoint=http://127.0.0.1:2/acct;TableEndpoint=http://127.0.0.1:3/acct;",
			"http://127.0.0.1:1/acct", "http://127.0.0.1:2/acct",
		},
	} {
		got, err := store.Connect(c.in, store.ClientOptions(nil))
		require.NoError(t, err, name)
		require.Equal(t, trim(c.blob), trim(got.Blobs.URL()), name)
		require.Equal(t, trim(c.queue), trim(got.Queues.URL()), name)
		require.NotNil(t, got.Tables, name)
		require.NotNil(t, got.BlobKey, name)
	}
	for name, in := range map[string]string{
		"empty":      "",
		"no key":     "AccountName=acct",
		"no name":    "AccountKey=" + key,
		"bad base64": "AccountName=acct;AccountKey=@@secret@@",
	} {
		_, err := store.Connect(in, store.ClientOptions(nil))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "secret")
	}
}

func trim(s string) string { return string(bytes.TrimRight([]byte(s), "/")) }

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	c, err := store.Connect("UseDevelopmentStorage=true", store.ClientOptions(nil))
	require.NoError(t, err)
	wrapper, err := store.NewFileKey(store.VaultKey{Version: 1, Key: make([]byte, 32)})
	require.NoError(t, err)
	clocks := clock.Clocks{Wall: time.Now}
	in, err := c.Services(store.ServicesOptions{Clocks: clocks})
	require.NoError(t, err)
	_, err = c.Services(store.ServicesOptions{})
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
	k1 := store.VaultKey{Version: 1, Key: bytes.Repeat([]byte{1}, 32)}
	k2 := store.VaultKey{Version: 2, Key: bytes.Repeat([]byte{2}, 32)}
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
	for name, keys := range map[string][]store.VaultKey{"none": nil, "short": {{Version: 1, Key: []byte("x")}}, "twice": {k1, k1}, "version 0": {{Key: k1.Key}}} {
		_, err := store.NewFileKey(keys...)
		require.Error(t, err, name)
	}
}
