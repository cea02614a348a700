package task_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/task/tasktest"
)

// The tables or the blobs are down for ten minutes while the queues go on delivering. It ends
// as if nothing had happened.
func TestStorageIsDownForTenMinutes(t *testing.T) {
	t.Parallel()
	want := tasktest.Through(t, "alpha", "beta")
	for _, service := range []string{"table", "blob"} {
		for name, at := range map[string]dsr.State{"before it begins": dsr.StateReceived, "in the middle": dsr.StateFulfilling, "before the package": dsr.StateAssembling} {
			t.Run(service+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := tasktest.New(t, "alpha", "beta")
				id := w.Submit(dsr.Access, dsr.Export)
				w.Host.DrainTo(id, at)
				back := w.Faults.Add(storetest.Fault{Action: storetest.Throttled, Match: func(c storetest.Call) bool { return c.Service == service }})
				for range 20 {
					w.Host.Pass(30 * time.Second)
				}
				back()
				require.Positive(t, w.Host.Failed)
				w.Host.Finish(id)
				got := w.Look(id)
				require.Empty(t, cmp.Diff(want, got))
			})
		}
	}
}
