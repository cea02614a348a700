package store_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

func TestOpenRefusesMissingParts(t *testing.T) {
	t.Parallel()
	c, err := account.ConnectString("UseDevelopmentStorage=true", account.ClientOptions(nil))
	require.NoError(t, err)
	wrapper, err := seal.NewFileKey(pii.Key{Version: 1, Key: make([]byte, 32)})
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
