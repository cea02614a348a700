package bulk

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

func TestAServiceThatLacksAPartIsRefused(t *testing.T) {
	t.Parallel()
	whole := Options{
		Store: &store.Store{}, Intake: &intake.Service{}, Key: []byte{1}, Clocks: clock.Clocks{Wall: time.Now, Business: time.Now},
		Log: slog.New(slog.DiscardHandler),
	}
	_, err := New(whole)
	require.NoError(t, err)
	for name, change := range map[string]func(*Options){
		"no store":          func(o *Options) { o.Store = nil },
		"no intake":         func(o *Options) { o.Intake = nil },
		"no key":            func(o *Options) { o.Key = nil },
		"no wall clock":     func(o *Options) { o.Clocks.Wall = nil },
		"no business clock": func(o *Options) { o.Clocks.Business = nil },
		"no log":            func(o *Options) { o.Log = nil },
	} {
		o := whole
		change(&o)
		_, err := New(o)
		require.ErrorContains(t, err, "missing", name)
	}
}
