package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// Wakes reads up to 1,000 wakes of each job and clock in each shard of a tenant that are due at a
// time.
func Wakes(t testing.TB, s *store.Store, tenant string, at time.Time) []lists.Wake {
	t.Helper()
	shards := 1
	all, err := s.Lists.Tenants(context.Background())
	require.NoError(t, err)
	for _, known := range all {
		if known.ID == tenant {
			shards = known.Shards
		}
	}
	var out []lists.Wake
	for shard := range shards {
		for _, job := range []dsr.Step{dsr.StepWake, dsr.StepPurge} {
			for _, c := range retention.Clocks(job) {
				ws, err := s.Lists.Due(context.Background(), lists.Span{Tenant: tenant, Shard: shard, Job: job, Clock: c, Until: at}, 1000)
				require.NoError(t, err)
				out = append(out, ws...)
			}
		}
	}
	return out
}
