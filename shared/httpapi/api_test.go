package httpapi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/httpapi"
)

func TestAnInterfaceThatLacksAPartIsRefused(t *testing.T) {
	t.Parallel()
	_, err := httpapi.New(httpapi.ForFuzzing())
	require.NoError(t, err)
	for name, change := range map[string]func(*httpapi.Options){
		"no store":          func(o *httpapi.Options) { o.Store = nil },
		"no intake":         func(o *httpapi.Options) { o.Intake = nil },
		"no decisions":      func(o *httpapi.Options) { o.Decide = nil },
		"no imports":        func(o *httpapi.Options) { o.Bulk = nil },
		"no callers":        func(o *httpapi.Options) { o.Callers = nil },
		"no wall clock":     func(o *httpapi.Options) { o.Clocks.Wall = nil },
		"no business clock": func(o *httpapi.Options) { o.Clocks.Business = nil },
		"no log":            func(o *httpapi.Options) { o.Log = nil },
	} {
		o := httpapi.ForFuzzing()
		change(&o)
		_, err := httpapi.New(o)
		require.ErrorContains(t, err, "missing", name)
	}
}
