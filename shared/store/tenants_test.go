package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

func TestTenantsAreRemembered(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	none, err := w.Store.Lists.Tenants(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)

	var all []string
	for i := range 150 { // more than one transaction holds
		all = append(all, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	require.NoError(t, w.Store.Lists.Remember(t.Context(), append(all, all[0], "no|segment", "")))
	require.NoError(t, w.Another(t).Lists.Remember(t.Context(), all[:1]), "fewer tenants are configured now")
	got, err := w.Store.Lists.Tenants(t.Context())
	require.NoError(t, err)
	var ids []string
	for _, tenant := range got {
		ids = append(ids, tenant.ID)
		require.Equal(t, 1, tenant.Shards)
	}
	require.Equal(t, all, ids)

	w.Counter.Reset()
	require.NoError(t, w.Store.Lists.Remember(t.Context(), all))
	require.Equal(t, 1, w.Counter.Total(), "one read when nothing is new")
}
